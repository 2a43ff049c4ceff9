"""What an app takes along of one flavour, in the simplest forms: no parser of CSV or NumPy is needed.

``labels/``, ``thresholds/`` and ``taxonomy/`` hold a line a label or taxon, ``resampling/`` little-endian
float32.
``contract.json`` states everything once more, for people and for other software.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from fieldpack.bundle.manifest import FlavourEntry, FrontEndEntry
from fieldpack.bundle.read import Bundle
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import Output
from fieldpack.errors import InputError
from fieldpack.exports.rules import front_end_of
from fieldpack.phone_projects.index import model_files, raw_floats, tensor_names
from fieldpack.taxonomy import parse_taxonomy

SCHEMA = "fieldpack-app/1"
CONTRACT = "contract.json"
OF_FLAVOUR = {"name", "kind", "digest", "requires", "intervals"}


@dataclass(frozen=True)
class FrontEnd:
    """A graph from sound to an input, and the names of its tensors in the order of its file."""

    entry: FrontEndEntry
    path: str
    inputs: Sequence[str]
    outputs: Sequence[str]


@dataclass(frozen=True)
class Words:
    """Paths of the labels, thresholds and taxonomy of an output; empty where there is none."""

    labels: str = ""
    thresholds: str = ""
    taxonomy: str = ""


@dataclass(frozen=True)
class AppFiles:
    """Files of one flavour, by relative path.

    Attributes
    ----------
    files : dict of str to bytes
        All of them.
    model : str
        Path of the model, a file or a folder.
    inputs, outputs : sequence of str
        Names of the model's tensors, in the order of its file.
    front_ends : tuple of FrontEnd or None
        One entry an input.
    coefficients : tuple of dict of int to str
        One entry an input: rate of a sound -> path of the right half of the filter.
    words : tuple of Words
        One entry an output.
    """

    files: dict[str, bytes]
    model: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    front_ends: tuple[FrontEnd | None, ...] = ()
    coefficients: tuple[dict[int, str], ...] = ()
    words: tuple[Words, ...] = ()


def app_files(bundle: Bundle, flavour: FlavourEntry) -> AppFiles:
    """Take what an app needs out of a bundle; every file is checked.

    Raises
    ------
    BundleError
        A file is altered or faulty.
    InputError
        A front-end is missing.
    """
    model, files = model_files(bundle, flavour, "model")
    inputs, outputs = tensor_names(bundle, flavour)
    front_ends = _front_ends(bundle, flavour, files)
    coefficients = tuple(_coefficients(bundle, item.name, files) for item in bundle.manifest.contract.inputs)
    words = tuple(_words(bundle, item, flavour, files) for item in bundle.manifest.contract.outputs)
    files[CONTRACT] = contract_json(bundle, flavour)
    return AppFiles(files, model, inputs, outputs, front_ends, coefficients, words)


def contract_json(bundle: Bundle, flavour: FlavourEntry) -> bytes:
    """The contract and how it meets a flavour, as JSON in ASCII."""
    manifest = bundle.manifest
    told = {
        "schema": SCHEMA,
        "bundle": {"name": manifest.name, "version": manifest.version, "digest": bundle.digest},
        "license": manifest.license,
        "flavour": flavour.model_dump(
            mode="json", include={"name", "kind", "digest", "requires", "intervals"}
        ),
        "contract": manifest.contract.model_dump(mode="json"),
        "inputs": [border.model_dump(mode="json") for border in flavour.inputs],
        "outputs": [border.model_dump(mode="json") for border in flavour.outputs],
    }
    return (json.dumps(told, indent=1) + "\n").encode("ascii")


def _front_ends(
    bundle: Bundle, flavour: FlavourEntry, files: dict[str, bytes]
) -> tuple[FrontEnd | None, ...]:
    found: list[FrontEnd | None] = []
    for contract in bundle.manifest.contract.inputs:
        entry = front_end_of(bundle.manifest, contract, flavour)
        if entry is None:
            found.append(None)
            continue
        path, copied = model_files(bundle, entry, f"front_ends/{contract.name}")
        files |= copied
        found.append(FrontEnd(entry, path, *tensor_names(bundle, entry)))
    return tuple(found)


def _coefficients(bundle: Bundle, name: str, files: dict[str, bytes]) -> dict[int, str]:
    from fieldpack.bundle.arrays import read_array

    found = {}
    for table in bundle.manifest.resampling:
        if table.input == name:
            path = f"resampling/{name}-{table.from_hz}.f32"
            files[path] = raw_floats(read_array(bundle.read(table.path), table.path))
            found[table.from_hz] = path
    return found


def _words(bundle: Bundle, output: Output, flavour: FlavourEntry, files: dict[str, bytes]) -> Words:
    """Put the words of an output to the files; names of outputs are letters, digits and underscores."""
    if output.labels is None:
        return Words()
    limits = in_force(output, bundle.thresholds(output.name, flavour.name)) if output.maps else None
    written = {
        f"labels/{output.name}.txt": list(bundle.labels(output.name)),
        f"thresholds/{output.name}.txt": [] if limits is None else [_number(value) for value in limits],
        f"taxonomy/{output.name}.tsv": _taxa(bundle, output),
    }
    files |= {path: _lines(lines) for path, lines in written.items() if lines}
    return Words(*(path if lines else "" for path, lines in written.items()))


def _taxa(bundle: Bundle, output: Output) -> list[str]:
    """Row of the parent (-1 of a root), leaf (-1 for none), rank level (nan for none), name; between tabs."""
    if output.taxonomy is None:
        return []
    taxa = parse_taxonomy(bundle.read(output.taxonomy), output.taxonomy).taxa
    row = {taxon.id: number for number, taxon in enumerate(taxa)}
    by_label = {label: index for index, label in enumerate(bundle.labels(output.name))}
    stated = any(taxon.leaf is not None for taxon in taxa)
    lines = []
    for taxon in taxa:
        leaf = taxon.leaf if stated else by_label.get(taxon.id)
        parent = -1 if taxon.parent is None else row[taxon.parent]
        rank = math.nan if taxon.rank_level is None else taxon.rank_level
        lines.append(f"{parent}\t{-1 if leaf is None else leaf}\t{_number(rank)}\t{taxon.name}")
    return lines


def _number(value: float) -> str:
    return "nan" if math.isnan(value) else repr(float(value))


def _lines(lines: Sequence[str]) -> bytes:
    if any("\n" in line for line in lines):
        raise InputError("a label or taxon has a line feed in its name", allowed="one line each")
    return "".join(f"{line}\n" for line in lines).encode("utf-8")
