"""Calibrated ranges against numpy over the tensors of every sample."""

from __future__ import annotations

import numpy as np
import pytest

from fieldpack_converters.calibrator import (
    activation_tensors,
    as_quantizer_result,
    calibrated_ranges,
    with_consequences,
    with_floors,
)
from fieldpack_converters.conftest import TinyWriter
from fieldpack_converters.opened_source import Array
from fieldpack_converters.ranges import RangeChoice, RangeKind
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import PlainInterpreter, samples


def all_values(content: bytes, images: Array) -> dict[str, Array]:
    graph, engine = TFLiteGraph(content), PlainInterpreter(content, keep_all=True)
    seen: dict[str, list[Array]] = {}
    for sample in samples([images]):
        engine.invoke(sample)
        for tensor in activation_tensors(graph):
            seen.setdefault(graph.name(tensor), []).append(engine.tensor(tensor).ravel().copy())
    return {name: np.concatenate(parts) for name, parts in seen.items()}


def test_min_max_is_the_true_one_of_every_tensor(tiny_content: bytes, tiny_samples: Array) -> None:
    ranges = calibrated_ranges(tiny_content, [tiny_samples], RangeChoice())
    values = all_values(tiny_content, tiny_samples)
    assert list(ranges) == ["image", "stem", "deep", "point", "total", "mean", "head", "scores"]
    assert ranges == {name: (float(item.min()), float(item.max())) for name, item in values.items()}


def test_percentile_cuts_as_numpy_does(tiny_content: bytes, tiny_samples: Array) -> None:
    found = calibrated_ranges(tiny_content, [tiny_samples], RangeChoice(RangeKind.PERCENTILE, 99.0))["point"]
    values = all_values(tiny_content, tiny_samples)["point"].astype(np.float64)
    assert found == pytest.approx(np.percentile(values, [0.5, 99.5]), abs=2e-3 * np.ptp(values))


def test_known_ranges_replace_measured_ones(tiny_content: bytes, tiny_samples: Array) -> None:
    ranges = calibrated_ranges(tiny_content, [tiny_samples], RangeChoice(), {"image": (0.0, 255.0)})
    assert ranges["image"] == (0.0, 255.0)


def test_known_pixels_give_the_range_behind_a_folded_scaling() -> None:
    writer = TinyWriter()
    schema = writer.schema
    picture, scaled, moved = (writer.tensor(name, (1, 2, 2, 3)) for name in ("picture", "scaled", "moved"))
    scale = writer.constant("scale", np.array([1 / 127.5, -1 / 255, 2.0], np.float32))
    offset = writer.constant("offset", np.array([-1.0, 0.5, -3.0], np.float32))
    mul, add = schema.BuiltinOperator.MUL, schema.BuiltinOperator.ADD
    writer.operator(mul, [picture, scale], scaled, schema.MulOptionsT(), "MulOptions")
    writer.operator(add, [scaled, offset], moved, schema.AddOptionsT(), "AddOptions")
    graph = TFLiteGraph(writer.finished([picture], [moved]))
    found = with_consequences(graph, {"picture": (0.0, 255.0)})
    assert found["scaled"] == pytest.approx((-1.0, 510.0))
    assert found["moved"] == pytest.approx((-3.0, 507.0))
    assert with_consequences(graph, {}) == {}


def test_a_tensor_that_is_always_zero_gets_a_floor(tiny_content: bytes) -> None:
    graph = TFLiteGraph(tiny_content)
    ranges = dict.fromkeys(activation_tensors(graph), (0.0, 4.0))
    closed = next(tensor for tensor in ranges if graph.name(tensor) == "point")
    ranges[closed] = (0.0, 0.0)
    assert with_floors(graph, ranges)[closed] == pytest.approx((0.0, 4.0 / 4096))


def test_the_quantizer_gets_arrays_of_the_tensor_rank() -> None:
    result = as_quantizer_result({"a": (-1.0, 2.0)}, {"a": 4})
    assert result["a"]["min"].shape == (1, 1, 1, 1)
    assert (result["a"]["min"].item(), result["a"]["max"].item()) == (-1.0, 2.0)
