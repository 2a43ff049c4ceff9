"""Layers have names also where a file gives their tensors none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fieldpack.modelfile.explanation import Layer
from fieldpack.modelfile.tflite_explanation import explain_tflite, layers_of
from fieldpack.testing import tiny_tflite
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.file import open_model

WEIGHTS = np.eye(4, dtype=np.float32)


def layers(folder: Path, kinds: list[str], names: list[str]) -> list[Layer]:
    """Layers of a chain of dense layers and rectifiers, with the names of what they write."""
    editor = TfliteEditor()
    given = current = editor.tensor("given", (1, 4))
    for kind, name in zip(kinds, names, strict=True):
        answer = editor.tensor(name, (1, 4))
        if kind == "RELU":
            editor.operator(kind, [current], [answer])
        else:
            weights = editor.tensor("", (4, 4), values=WEIGHTS)
            editor.operator(kind, [current, weights, -1], [answer], 1, "FullyConnectedOptions")
        current = answer
    editor.ends([given], [current])
    path = folder / "chain.tflite"
    path.write_bytes(editor.content())
    return list(layers_of(open_model(path)))


def test_operators_without_names_are_the_nth_of_their_kind(tmp_path: Path) -> None:
    plain = layers(tmp_path, ["FULLY_CONNECTED", "FULLY_CONNECTED"], ["", ""])
    assert [(item.name, item.weight_bytes) for item in plain] == [
        ("FULLY_CONNECTED 1", WEIGHTS.nbytes), ("FULLY_CONNECTED 2", WEIGHTS.nbytes),
    ]  # fmt: skip
    longer = layers(tmp_path, ["RELU", "FULLY_CONNECTED", "RELU", "FULLY_CONNECTED"], [""] * 4)
    assert [item.name for item in longer if item.operator != "RELU"] == [item.name for item in plain]


def test_names_that_are_there_stay(tmp_path: Path) -> None:
    found = layers(tmp_path, ["FULLY_CONNECTED", "RELU", "FULLY_CONNECTED"], ["stem", "", "head"])
    assert [item.name for item in found] == ["stem", "RELU 1", "head"]


def test_an_operator_of_tomorrow_is_no_file_of_today(tmp_path: Path) -> None:
    editor = TfliteEditor(tiny_tflite())
    editor.model.operatorCodes[0].version = 99
    path = tmp_path / "newer.tflite"
    path.write_bytes(editor.content())
    found = explain_tflite(path)
    assert found.needs.startswith("a TFLite newer than ")
    assert found.needs.endswith("FULLY_CONNECTED v99")
    assert not found.engines[0].runs
