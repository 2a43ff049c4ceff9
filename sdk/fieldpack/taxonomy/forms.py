"""The forms of taxonomy files: which one a file has, reading, writing, and what a form cannot say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

from fieldpack.errors import ContractError, StorageError
from fieldpack.taxonomy import birdnet, inaturalist, plain, speciesnet
from fieldpack.taxonomy.cells import BOM
from fieldpack.taxonomy.faults import Draft, Fault, ordered, refuse
from fieldpack.taxonomy.structure import structure_faults
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy


class Form(StrEnum):
    """Forms that are read and written."""

    PLAIN = "plain"
    INATURALIST_CSV = "inaturalist-csv"
    INATURALIST_JSON = "inaturalist-json"
    SPECIESNET = "speciesnet"
    BIRDNET = "birdnet"
    BIRDNET_CSV = "birdnet-csv"


_READ: dict[Form, Callable[[bytes], Draft]] = {
    Form.PLAIN: plain.read,
    Form.INATURALIST_CSV: inaturalist.read_csv,
    Form.INATURALIST_JSON: inaturalist.read_json,
    Form.SPECIESNET: speciesnet.read,
    Form.BIRDNET: birdnet.read_labels,
    Form.BIRDNET_CSV: birdnet.read_csv,
}
_WRITE: dict[Form, Callable[[Taxonomy], bytes]] = {
    Form.PLAIN: plain.write,
    Form.INATURALIST_CSV: inaturalist.write_csv,
    Form.INATURALIST_JSON: inaturalist.write_json,
    Form.SPECIESNET: speciesnet.write,
    Form.BIRDNET: birdnet.write_labels,
    Form.BIRDNET_CSV: birdnet.write_csv,
}


def form_of(data: bytes) -> Form:
    """The form of a file by its first line; anything else is taken for Fieldpack's own.

    A JSON array is iNaturalist's; a header decides between the forms of CSV; seven fields behind a UUID are
    SpeciesNet's; a line with an underscore and without a comma is BirdNET's.
    """
    start = data[:4096].decode("utf-8", "replace").lstrip(BOM).lstrip()
    if start.startswith(("[", "{")):
        return Form.INATURALIST_JSON
    first = start.split("\n", 1)[0].strip()
    columns = {name.strip().strip('"') for name in first.split(",")}
    if "taxon_id" in columns or "parent_taxon_id" in columns:
        return Form.INATURALIST_CSV
    if columns & set(plain.REQUIRED):
        return Form.PLAIN
    if {"idx", "sci_name"} & {name.strip() for name in first.split(";")}:
        return Form.BIRDNET_CSV
    if speciesnet.matches(first):
        return Form.SPECIESNET
    return Form.BIRDNET if "_" in first and "," not in first else Form.PLAIN


def find_faults(
    data: bytes, form: Form | None = None, outputs: int | None = None
) -> tuple[Taxonomy | None, list[Fault]]:
    """Read a file and say everything that is wrong with it.

    Parameters
    ----------
    data : bytes
        The file.
    form : Form, optional
        Its form; by default :func:`form_of`.
    outputs : int, optional
        Size of the model's output; the leaves must be as many.

    Returns
    -------
    Taxonomy or None
        None when a fault is no mere hazard.
    list of Fault
        By line, hazards included; empty when the file is good.
    """
    draft = _READ[form or form_of(data)](data)
    faults = ordered([*draft.faults, *structure_faults(draft, outputs)])
    if any(not fault.hazard for fault in faults):
        return None, faults
    return Taxonomy(tuple(draft.taxa)), faults


def parse_taxonomy(data: bytes, where: str, form: Form | None = None) -> Taxonomy:
    """Read the bytes of a taxonomy file in any of the forms.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Its name, for the message.
    form : Form, optional
        Its form; by default :func:`form_of`.

    Raises
    ------
    ContractError
        Something is wrong with it; the message lists every fault with its line.
    """
    taxonomy, faults = find_faults(data, form)
    refuse(where, faults)
    if taxonomy is None:
        raise ContractError(f"the taxonomy {where} cannot be read")
    return taxonomy


def read_taxonomy(path: Path | str, form: Form | None = None) -> Taxonomy:
    """Read a taxonomy file in any of the forms; see :func:`parse_taxonomy`.

    Raises
    ------
    StorageError
        It cannot be read.
    ContractError
        Something is wrong with it.
    """
    return parse_taxonomy(taxonomy_bytes(Path(path)), str(path), form)


def taxonomy_bytes(path: Path) -> bytes:
    """The bytes of a taxonomy file.

    Raises
    ------
    StorageError
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError("the taxonomy cannot be read", came=f"{path}: {error.strerror}") from error


def write_taxonomy(taxonomy: Taxonomy, form: Form) -> bytes:
    """The bytes of a taxonomy in a form; read again they give the same, short of :func:`losses`.

    Raises
    ------
    ContractError
        The form cannot say what the taxonomy holds.
    """
    return _WRITE[form](taxonomy)


def losses(taxonomy: Taxonomy, form: Form) -> tuple[str, ...]:
    """What a form leaves out of this taxonomy, one sentence each."""
    return tuple(_losses(taxonomy, form))


def _losses(taxonomy: Taxonomy, form: Form) -> Iterator[str]:
    if form is Form.PLAIN:
        return
    keeps_thresholds = form in (Form.INATURALIST_CSV, Form.INATURALIST_JSON)
    if not keeps_thresholds and (count := _count(taxonomy, lambda taxon: taxon.threshold is not None)):
        yield f"{count} thresholds"
    if keeps_thresholds and (count := _count(taxonomy, lambda taxon: taxon.common_name is not None)):
        yield f"{count} common names"
    if keeps_thresholds:
        return
    kept = {taxon.id for taxon in parse_taxonomy(write_taxonomy(taxonomy, form), form.value, form).taxa}
    lost = [taxon.id for taxon in taxonomy.taxa if taxon.id not in kept]
    if lost:
        yield f"{len(lost)} taxa, or their ids, among them {', '.join(lost[:5])}"


def _count(taxonomy: Taxonomy, holds: Callable[[Taxon], bool]) -> int:
    return sum(holds(taxon) for taxon in taxonomy.taxa)
