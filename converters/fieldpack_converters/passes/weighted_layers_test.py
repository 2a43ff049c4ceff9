"""The view of layers in all three libraries: rows times matrix is what the layer answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack_converters import testing
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.patches import rows_met
from fieldpack_converters.passes.recording import calls_met, inputs_met, last_inputs_met
from fieldpack_converters.passes.runner import apply
from fieldpack_converters.passes.weighted_layers import WeightedLayer, matrix, weighted_layers
from fieldpack_converters.source import open_source

pytestmark = pytest.mark.full


def source_of(maker: str, folder: str) -> tuple[dict[str, Any], Array]:
    """A source and samples as it is fed."""
    samples = np.random.default_rng(0).random((32, 12, 12, 3), np.float32)
    if maker == "torch":
        path = testing.make_torch(folder)["net.pt"]
        factory = "fieldpack_converters.testing:torch_network"
        words = {"kind": "torch", "path": path, "factory": factory, "input_shapes": [[1, 3, 12, 12]]}
        return words, np.ascontiguousarray(samples.transpose(0, 3, 1, 2))
    if maker == "keras":
        return {"kind": maker, "path": testing.make_keras(folder)["net.keras"]}, samples
    return {"kind": maker, "path": testing.make_keras_legacy(folder)["legacy.h5"]}, samples


def differences(opened: OpenedSource, samples: Array) -> list[float]:
    """For each layer the largest difference between rows times matrix and the layer's own sums."""
    return [_difference(opened, layer, samples) for layer in weighted_layers(opened)]


def _difference(opened: OpenedSource, layer: WeightedLayer, samples: Array) -> float:
    (met,) = inputs_met(opened, [layer], [samples])
    calls = calls_met(opened, layer, [samples])
    assert np.array_equal(met, last_inputs_met(opened, layer, [samples], calls))
    rows = rows_met(layer, met, 10**9, np.random.default_rng(0))
    weights = matrix(layer).reshape(layer.groups, -1, rows.shape[2])
    sums = (rows @ weights.transpose(0, 2, 1)).transpose(1, 0, 2).reshape(rows.shape[1], -1)
    bias = layer.bias()
    own = _sums(opened, layer, met)
    return float(np.abs(sums + (0 if bias is None else bias) - own.reshape(sums.shape)).max())


def _sums(opened: OpenedSource, layer: WeightedLayer, values: Array) -> Array:
    if opened.kind.is_torch:
        import torch

        answer = layer.handle(torch.from_numpy(values)).detach().numpy()
        return np.asarray(np.moveaxis(answer, 1, -1))
    activation, layer.handle.activation = layer.handle.activation, lambda sums: sums
    try:
        return np.asarray(layer.handle(values))
    finally:
        layer.handle.activation = activation


def found(maker: str, folder: str) -> tuple[list[float], list[float], float]:
    """Differences, those of weights written and read again, and the change by a factored head."""
    source, samples = source_of(maker, folder)
    opened = open_source(source)
    first = differences(opened, samples)
    again = []
    for layer in weighted_layers(opened):
        doubled = layer.weights() * 2
        layer.set_weights(doubled)
        again.append(float(np.abs(layer.weights() - doubled).max()))
    np.save(Path(folder) / "x.npy", samples)
    words = {"inputs": {"0": str(Path(folder) / "x.npy")}, "labels": None}
    recipe = [
        {"method": "low_rank", "layers": "7|scores", "rank": 2},
        {"method": "round_head", "layers": "7|scores", "bits": 8},
    ]
    answer = apply(source, recipe, str(Path(folder) / "out"), "softmax", 0, calibration=words)
    before, after = (open_source(words).call([samples])[0] for words in (source, answer["source"]))
    return first, again, float(np.abs(before - after).max())


@pytest.mark.parametrize("maker", ["torch", "keras", "keras_legacy"])
def test_the_view_is_what_the_layer_computes(maker: str, tmp_path: Path) -> None:
    with testing.one_process() as pool:
        first, again, change = pool.submit(found, maker, str(tmp_path)).result()
    assert len(first) == 3
    assert max(first) < 1e-5
    assert max(again) == 0
    assert 0 < change < 0.02
