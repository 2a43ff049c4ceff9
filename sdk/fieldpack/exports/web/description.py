"""``model.json`` of the page: the contract, the borders, labels, tree and golden vectors, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fieldpack.bundle.labels import names
from fieldpack.bundle.manifest import FlavourEntry, FrontEndEntry
from fieldpack.bundle.read import Bundle
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import LocationInput, Output
from fieldpack.exports.rules import front_end_of
from fieldpack.exports.web.facts import FLOAT_TOLERANCE
from fieldpack.phone_projects.index import tensor_names

INTEGERS = "static_int8"


@dataclass(frozen=True)
class Described:
    """``model.json`` as data, and the files of the bundle that it names, by their place in the export."""

    told: dict[str, Any]
    files: dict[str, bytes]


def described(bundle: Bundle, flavour: FlavourEntry) -> Described:
    """Everything that the page needs of a bundle; every file is checked.

    Raises
    ------
    BundleError
        A file is altered or faulty.
    InputError
        A front-end is missing.
    """
    manifest, files = bundle.manifest, dict[str, bytes]()
    contract = manifest.contract.inputs[0]
    front_end = front_end_of(manifest, contract, flavour)
    tables = contract.tables.values() if isinstance(contract, LocationInput) else ()
    told = {
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "license": manifest.license,
        "digest": bundle.digest,
        "cache": f"fieldpack-{manifest.name}-{bundle.digest[:16]}-{flavour.name}",
        "flavour": flavour.name,
        "model": _graph(bundle, flavour, "model/model.tflite", files),
        "front_end": None
        if front_end is None
        else _graph(bundle, front_end, "model/front_end.tflite", files),
        "input": contract.model_dump(mode="json"),
        "outputs": [_output(bundle, item, flavour) for item in manifest.contract.outputs],
        "resampling": {
            str(item.from_hz): _copied(bundle, item.path, files)
            for item in manifest.resampling
            if item.input == contract.name
        },
        "tables": {item.file: _copied(bundle, item.file, files) for item in tables},
        "golden": _golden(bundle, flavour, files),
    }
    return Described(told, files)


def _copied(bundle: Bundle, path: str, files: dict[str, bytes]) -> str:
    files[path] = bundle.read(path)
    return path


def _graph(
    bundle: Bundle, graph: FlavourEntry | FrontEndEntry, target: str, files: dict[str, bytes]
) -> dict[str, Any]:
    files[target] = bundle.read(graph.path)
    stored = tensor_names(bundle, graph)[1]
    return {
        "path": target,
        "size_bytes": len(files[target]),
        "inputs": [item.model_dump(mode="json") for item in graph.inputs],
        "outputs": [item.model_dump(mode="json") for item in graph.outputs],
        "positions": [list(stored).index(item.tensor) for item in graph.outputs],
    }


def _output(bundle: Bundle, output: Output, flavour: FlavourEntry) -> dict[str, Any]:
    labels = () if output.labels is None else bundle.labels(output.name)
    named = [names(label, output.label_format) for label in labels]
    return {
        "contract": output.model_dump(mode="json"),
        "labels": [{"name": name, "scientific": scientific} for scientific, name in named],
        "thresholds": _thresholds(bundle, output, flavour),
        "taxa": _taxa(bundle, output),
    }


def _thresholds(bundle: Bundle, output: Output, flavour: FlavourEntry) -> list[float] | None:
    if not output.maps:
        return None
    values = in_force(output, bundle.thresholds(output.name, flavour.name))
    return None if values is None or isinstance(values, float) else [float(value) for value in values]


def _taxa(bundle: Bundle, output: Output) -> list[dict[str, Any]] | None:
    from fieldpack.taxonomy import parse_taxonomy

    if output.taxonomy is None:
        return None
    taxonomy = parse_taxonomy(bundle.read(output.taxonomy), output.taxonomy)
    if not taxonomy.leaves:
        return None
    row = {taxon.id: number for number, taxon in enumerate(taxonomy.taxa)}
    return [
        {
            "name": taxon.name,
            "common": taxon.common_name,
            "rank": taxon.rank,
            "parent": -1 if taxon.parent is None else row[taxon.parent],
            "leaf": taxon.leaf,
        }
        for taxon in taxonomy.taxa
    ]


def _golden(bundle: Bundle, flavour: FlavourEntry, files: dict[str, bytes]) -> dict[str, Any]:
    golden = bundle.manifest.golden
    contract = bundle.manifest.contract
    stored: Sequence[str] = [flavour.golden.files[item.name] for item in contract.outputs]
    return {
        "count": len(golden.ids),
        "input": _copied(bundle, golden.inputs[contract.inputs[0].name], files),
        "outputs": [_copied(bundle, path, files) for path in stored],
        "tolerance": _tolerance(flavour),
    }


def _tolerance(flavour: FlavourEntry) -> float:
    """None for integers throughout, a rounding of floats, else what the build allows between machines."""
    methods = {str(rule.method) for rule in flavour.compression.recipe}
    if not methods or methods <= {"float32", "float16"}:
        return FLOAT_TOLERANCE
    if INTEGERS in methods:
        return FLOAT_TOLERANCE if "float32" in methods else 0.0
    return max(
        FLOAT_TOLERANCE, *(value for value in flavour.golden.tolerance.values() if math.isfinite(value))
    )
