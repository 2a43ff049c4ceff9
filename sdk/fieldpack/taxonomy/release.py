"""The same weights under a new taxonomy: a bundle whose label and taxonomy files alone are written anew."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.bundle.labels import labels_bytes
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import Output
from fieldpack.errors import BundleError, ContractError
from fieldpack.taxonomy.cells import csv_bytes
from fieldpack.taxonomy.difference import Difference, difference
from fieldpack.taxonomy.forms import Form, parse_taxonomy, write_taxonomy
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import NAMED, Taxonomy


@dataclass(frozen=True, slots=True)
class Release:
    """What a release came to.

    Attributes
    ----------
    digest, version : str
        Of the new bundle.
    output : str
        Whose taxonomy was replaced.
    difference : Difference
        Between the taxonomies; outputs keep their order, so a leaf is never reordered.
    relabelled : int
        Labels that read otherwise now.
    rewritten : tuple of str
        Files of the bundle with other bytes.
    """

    digest: str
    version: str
    output: str
    difference: Difference
    relabelled: int
    rewritten: tuple[str, ...]


def release_taxonomy(
    source: Path,
    taxonomy: Taxonomy,
    version: str,
    target: Path,
    *,
    synonyms: Mapping[str, str] | None = None,
    output: str | None = None,
) -> Release:
    """Write a bundle again with a new taxonomy.

    Leaves are matched by taxon id, or by `synonyms`; each output keeps its number. Models, golden vectors and
    evidence are copied byte by byte, and thresholds where the new taxonomy states none.

    Parameters
    ----------
    source : Path
        The bundle: folder or ``.fieldpack`` file.
    taxonomy : Taxonomy
        The new one; its own leaf numbers, if any, only say which taxa are leaves.
    version : str
        MAJOR.MINOR.PATCH of the new bundle.
    target : Path
        Where it goes.
    synonyms : mapping, optional
        Id in the bundle -> id in the new taxonomy.
    output : str, optional
        Which output; needed when several have a taxonomy.

    Raises
    ------
    BundleError
        The bundle is faulty, or the version is its own.
    ContractError
        The leaves do not map one to one; the message names them.
    StorageError
        A file cannot be read or written.
    """
    with open_bundle(source) as bundle:
        if bundle.manifest.version == version:
            raise BundleError(
                "a release needs a version of its own", came=version, hint="count MINOR or PATCH up"
            )
        declared = _declared(bundle, output)
        old = _stored(bundle, declared)
        new = _renumbered(old, taxonomy, synonyms or {})
        labels = bundle.labels(declared.name)
        pairs = zip(labels, old.leaves, new.leaves, strict=True)
        relabelled = [_label(label, before, after) for label, before, after in pairs]
        texts = {str(declared.labels): labels_bytes(relabelled)}
        texts[str(declared.taxonomy)] = write_taxonomy(new, Form.PLAIN)
        if tuple(relabelled) != labels:
            texts |= _threshold_texts(bundle, declared, dict(zip(labels, relabelled, strict=True)))
        digest, rewritten = _written(bundle, texts, version, target)
    return Release(
        digest,
        version,
        declared.name,
        difference(old, new, synonyms),
        sum(before != after for before, after in zip(labels, relabelled, strict=True)),
        rewritten,
    )


def stored_taxonomy(bundle: Bundle, output: str | None = None) -> Taxonomy:
    """The taxonomy of an output of a bundle, its leaves in the order of the outputs.

    Raises
    ------
    ContractError
        No output, or several, have a taxonomy and none is named.
    BundleError
        The file is faulty.
    """
    return _stored(bundle, _declared(bundle, output))


def _declared(bundle: Bundle, name: str | None) -> Output:
    outputs = [item for item in bundle.manifest.contract.outputs if item.taxonomy is not None]
    found = [item for item in outputs if name in (None, item.name)]
    if len(found) == 1:
        return found[0]
    raise ContractError(
        "the bundle has no such output with a taxonomy" if name or not outputs else "which taxonomy is meant",
        came=name or f"{len(outputs)} outputs have a taxonomy",
        allowed=", ".join(item.name for item in outputs) or None,
        hint="name the output" if outputs else "build with `taxonomy` in [[contract.outputs]]",
    )


def _stored(bundle: Bundle, declared: Output) -> Taxonomy:
    where = str(declared.taxonomy)
    return parse_taxonomy(bundle.read(where), where).labelled(bundle.labels(declared.name))


def _renumbered(old: Taxonomy, new: Taxonomy, synonyms: Mapping[str, str]) -> Taxonomy:
    """The new taxonomy with the outputs of the old one."""
    ids = [synonyms.get(taxon.id, taxon.id) for taxon in old.leaves]
    _check_one_to_one(ids, new)
    numbers = {taxon: number for number, taxon in enumerate(ids)}
    states_thresholds = any(taxon.threshold is not None for taxon in new.taxa)
    taxa = []
    for taxon in new.taxa:
        number = numbers.get(taxon.id)
        changed: dict[str, Any] = {"leaf": number}
        if number is not None and not states_thresholds:
            changed["threshold"] = old.leaves[number].threshold
        taxa.append(dataclasses.replace(taxon, **changed))
    return Taxonomy(tuple(taxa))


def _check_one_to_one(ids: Sequence[str], new: Taxonomy) -> None:
    lost = [taxon for taxon in ids if taxon not in new.by_id]
    merged = sorted({taxon for taxon in ids if ids.count(taxon) > 1}) if len(set(ids)) < len(ids) else []
    foreign = sorted({taxon.id for taxon in new.leaves} - set(ids))
    faults = [
        f"{len(taxa)} {what}: {', '.join(taxa[:NAMED])}"
        for taxa, what in (
            (lost, "are not in the new taxonomy"),
            (merged, "come from two outputs"),
            (foreign, "are leaves that the model does not know"),
        )
        if taxa
    ]
    if faults:
        raise ContractError(
            "the leaves do not map one to one",
            came="; ".join(faults),
            allowed="each output's taxon, or its one synonym, is in the new taxonomy, and no other leaf",
            hint="give a synonyms file for taxa with new ids; new, split or merged taxa need a new model",
        )


def _label(label: str, old: Taxon, new: Taxon) -> str:
    """The label of a taxon as the old one was spelled: by id, name, common name or both."""
    place = old.spellings.index(label)
    wanted = new.spellings
    if place < len(wanted):
        return wanted[place]
    raise ContractError(
        "a label was a common name, and the new taxonomy has none for its taxon",
        came=f"{label}, taxon {new.id}",
        hint="give the taxonomy with common names",
    )


def _threshold_texts(bundle: Bundle, declared: Output, renamed: Mapping[str, str]) -> dict[str, bytes]:
    """The threshold files of an output under its new labels."""
    paths = [declared.thresholds] if declared.thresholds else []
    for flavour in bundle.manifest.flavours:
        paths += [path for name, path in flavour.thresholds.items() if name == declared.name]
    texts = {}
    for path in paths:
        header, *rows = csv.reader(io.StringIO(bundle.read(path).decode("utf-8-sig"), newline=""))
        texts[path] = csv_bytes(header, [[renamed[label], value] for label, value in rows])
    return texts


def _written(
    bundle: Bundle, texts: Mapping[str, bytes], version: str, target: Path
) -> tuple[str, tuple[str, ...]]:
    """Write the bundle with other texts; the digest, and which files changed."""
    manifest = bundle.manifest
    rewritten = []
    with BundleWriter(target) as writer:
        for name in manifest.files:
            data = bundle.read(name)
            if texts.get(name, data) != data:
                rewritten.append(name)
            writer.add_bytes(name, texts.get(name, data))
        fields = manifest.model_dump(mode="json", exclude={"files", "schema_version"})
        digest = writer.commit({**fields, "version": version})
    return digest, tuple(rewritten)
