"""A source that is a ``.tflite`` itself may carry standard metadata: does the contract say the same?

The contract counts, and the source's metadata are replaced. But a value range or an order of labels that
differs is the classic cause of a model that is right on the server and wrong on the phone, so it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldpack.build.borders import find_borders
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import Contract, ImageInput, Input
from fieldpack.errors import ModelFileError
from fieldpack.metadata.inputs import input_facts
from fieldpack.tflite.file import open_model
from fieldpack.tflite.metadata.reading import packed_files, standard_metadata

SLACK = 0.02
"""Of the range of values: 127 and 128 are written for 127.5."""
PIXELS = (0.0, 255.0)
Pair = tuple[Sequence[float], Sequence[float]]
"""Means and deviations."""


def source_doubts(path: Path, contract: Contract, labels: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Sentences: one for each input or output of which the source's own metadata say something else.

    Parameters
    ----------
    path : Path
        The source.
    contract : Contract
        Of the spec.
    labels : mapping
        Output -> labels.
    """
    model = open_model(path)
    try:
        stated = standard_metadata(model) or {}
        files = packed_files(path) if stated else {}
    except ModelFileError as error:
        return [f"the source's own metadata are damaged and were not looked at: {error.came}"]
    graph: Mapping[str, Any] = next(iter(stated.get("subgraph_metadata", ())), {})
    taken = dict(zip(model.input_names, graph.get("input_tensor_metadata", ()), strict=False))
    given = dict(zip(model.output_names, graph.get("output_tensor_metadata", ()), strict=False))
    inputs, outputs = find_borders(FlavourKind.TFLITE, path, contract, folded=False)
    doubts = []
    for item, border in zip(contract.inputs, inputs, strict=True):
        doubts += _range_doubt(item, border, _normalisation(taken.get(border.tensor, {})))
    for output, border in zip(contract.outputs, outputs, strict=True):
        own = _labels(given.get(border.tensor, {}), files)
        doubts += _order_doubt(output.name, own, labels.get(output.name, ()))
    return doubts


def _normalisation(tensor: Mapping[str, Any]) -> Pair | None:
    units = dict(unit["options"] for unit in tensor.get("process_units", ()) if unit.get("options"))
    words = units.get("NormalizationOptions", {})
    return (words["mean"], words["std"]) if words.get("mean") and words.get("std") else None


def _range_doubt(item: Input, border: Border, own: Pair | None) -> list[str]:
    normalisation = input_facts(item, border, FlavourKind.TFLITE).normalisation
    if own is None or not all(own[1]) or not isinstance(item, ImageInput) or normalisation is None:
        return []
    theirs, ours = _fed(*own), _fed(normalisation.mean, normalisation.std)
    span = max(ours) - min(ours)
    if all(abs(one - other) <= SLACK * span for one, other in zip(theirs, ours, strict=False)):
        return []
    told = [f"{min(values):.4g} to {max(values):.4g}" for values in (theirs, ours)]
    fed = f"pixels 0..255 become {told[0]}; by the contract, {told[1]}"
    return [f"input {item.name}: by the source's own metadata, {fed}"]


def _fed(mean: Sequence[float], std: Sequence[float]) -> list[float]:
    """What black and white become in each of three channels."""
    means, stds = (list(values) * 3 if len(values) == 1 else list(values) for values in (mean, std))
    return [(pixel - m) / s for m, s in zip(means[:3], stds[:3], strict=False) for pixel in PIXELS]


def _labels(tensor: Mapping[str, Any], files: Mapping[str, bytes]) -> list[str]:
    for file in tensor.get("associated_files", ()):
        if file.get("type") == "TENSOR_AXIS_LABELS" and file.get("name") in files:
            return files[file["name"]].decode("utf-8", "replace").splitlines()
    return []


def _order_doubt(name: str, own: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The same labels in another order; other words for them say nothing of the order."""
    if sorted(own) != sorted(labels) or list(own) == list(labels):
        return []
    place = next(at for at, (one, other) in enumerate(zip(own, labels, strict=True)) if one != other)
    told = f"number {place} is {own[place]!r} there and {labels[place]!r} in the contract"
    return [f"output {name}: the source's own metadata order its labels otherwise; {told}"]
