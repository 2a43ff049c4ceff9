"""What a ``.tflite`` source says of itself is held against the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fieldpack.build.source_metadata import source_doubts
from fieldpack.contract import Contract
from fieldpack.exports.testing import INPUTS, LABELS
from fieldpack.metadata.testing import described
from fieldpack.tflite.metadata.attaching import attach
from fieldpack.tflite.metadata.packing import packed
from fieldpack.tflite.metadata.schema import ENTRY


def contract(mean: list[float], std: list[float]) -> Contract:
    """Of the picture model, with a normalisation on the 0..1 scale."""
    image: dict[str, Any] = INPUTS["image"] | {
        "normalization": {"kind": "mean_std", "mean": mean, "std": std}
    }
    output = {"name": "scores", "activation": "softmax", "labels": "labels.txt"}
    return Contract.model_validate({"inputs": [image], "outputs": [output]})


def test_a_source_that_agrees_raises_no_doubt(tmp_path: Path) -> None:
    path, _, _ = described(tmp_path, "image")
    same = contract([0.4, 0.5, 0.6], [0.2, 0.21, 0.3])
    assert source_doubts(path, same, {"scores": LABELS}) == []
    assert source_doubts(path, same, {"scores": ("other", "words", "here")}) == []


def test_another_range_and_another_order_are_told(tmp_path: Path) -> None:
    path, _, _ = described(tmp_path, "image")
    swapped = (LABELS[1], LABELS[0], LABELS[2])
    ranged, ordered = source_doubts(path, contract([0.5] * 3, [0.5] * 3), {"scores": swapped})
    assert ranged.startswith("input class: by the source's own metadata, pixels 0..255 become -2.38 to 2.998")
    assert ranged.endswith("by the contract, -1 to 1")
    assert "number 0 is" in ordered
    assert "'$moth' in the contract" in ordered


def test_rounded_constants_are_no_doubt_and_damage_is_told(tmp_path: Path) -> None:
    path, _, _ = described(tmp_path, "image")
    unit = ("NormalizationOptions", {"mean": [127.0], "std": [128.0]})
    picture = {"input_tensor_metadata": [{"process_units": [{"options": unit}]}]}
    attach(path, {ENTRY: packed({"subgraph_metadata": [picture]})}, {})
    assert source_doubts(path, contract([0.5] * 3, [0.5] * 3), {}) == []
    attach(path, {ENTRY: b"nothing of the kind"}, {})
    (text,) = source_doubts(path, contract([0.5] * 3, [0.5] * 3), {})
    assert "damaged" in text
