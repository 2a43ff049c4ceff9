"""The last layers are found from the outputs back, and stay in floats where the rest becomes integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.scenes.testing import heads
from fieldpack.testing import convolution_tflite, tiny_tflite
from fieldpack_converters.output_heads import head_rule
from fieldpack_converters.tflite_graph import TFLiteGraph


def test_every_head_is_named_and_no_other() -> None:
    graph = TFLiteGraph(convolution_tflite("tile", (1, 16, 16, 2), heads()))
    assert head_rule(graph, [0, 2]).layers == "^(?:high|low)$"


def test_what_follows_the_last_weights_belongs_to_the_head() -> None:
    rule = head_rule(TFLiteGraph(tiny_tflite()), [0])
    assert rule.layers == "^(?:logits|scores)$"


@pytest.mark.full
def test_a_head_stays_in_floats_and_the_body_does_not(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_quantizer", reason="pip install 'fieldpack[keras]'")
    keras = pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    from fieldpack_converters.quantize_tflite import quantize

    tile = keras.Input((16, 16, 2))
    body = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="body")(tile)
    outputs = [keras.layers.Conv2D(1, 1, name=name)(body) for name in ("low", "high")]
    keras.Model(tile, outputs).export(str(tmp_path / "float.tflite"), format="litert", verbose=False)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(8, 16, 16, 2)).astype(np.float32))
    answer = quantize(
        str(tmp_path / "float.tflite"),
        str(tmp_path / "int8.tflite"),
        "static_int8",
        calibration={"0": str(tmp_path / "x.npy")},
        float_heads=[0, 1],
    )
    assert answer["head_rule"] is not None
    after = TFLiteGraph.read(tmp_path / "int8.tflite")
    makers = {tensor: item for item in after.operations() for tensor in item.outputs}
    kinds = {after.dtype(item.inputs[1]) for item in after.operations() if item.name == "CONV_2D"}
    assert {after.dtype(makers[tensor].inputs[1]) for tensor in after.outputs} == {"float32"}
    assert kinds == {"float32", "int8"}
    assert answer["matched"]["0"] == 2  # type: ignore[index]
