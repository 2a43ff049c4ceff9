"""Windows, samplings and recurrent layers with seeded random attributes, against onnxruntime.

The node tests of onnx hold few combinations of padding, stride, dilation and rounding; here are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fieldpack_converters.onnx_import.importer import import_onnx

Case = tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], int]
COUNT = 60


def answers(case: Case) -> tuple[list[Any], list[Any]]:
    """What onnxruntime and the import give: [operator, attributes, inputs, constants, outputs]."""
    import onnx
    import onnxruntime
    import torch
    from onnx import helper, numpy_helper

    operator, attributes, inputs, constants, count = case
    names = [f"y{index}" for index in range(count)]
    order = sorted({**inputs, **constants})
    known = {**inputs, **constants}
    node = helper.make_node(
        operator, [name if known[name] is not None else "" for name in order], names, **attributes
    )
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in inputs.items()
    ]
    graph = helper.make_graph(
        [node],
        "case",
        infos,
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(value, name) for name, value in constants.items() if value is not None],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    expected = session.run(None, inputs)
    with torch.no_grad():
        came = import_onnx(model)(*(torch.from_numpy(value) for value in inputs.values()))
    return expected, [value.numpy() for value in (came if isinstance(came, tuple) else (came,))]


def numbers(generator: np.random.Generator, low: int, high: int, count: int) -> list[int]:
    return [int(value) for value in generator.integers(low, high + 1, count)]


def values(generator: np.random.Generator, *shape: int) -> Any:
    return generator.standard_normal(shape).astype(np.float32)


def padding(generator: np.random.Generator, rank: int, kernel: list[int]) -> dict[str, Any]:
    word = str(generator.choice(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if word != "NOTSET":
        return {"auto_pad": word}
    return {"pads": [int(generator.integers(0, size)) for size in kernel * 2]}


def convolutions(generator: np.random.Generator) -> Iterator[Case]:
    for _ in range(COUNT):
        rank, group = int(generator.integers(1, 4)), int(generator.choice([1, 2, 4]))
        kernel = numbers(generator, 1, 3, rank)
        attributes = {"kernel_shape": kernel, "strides": numbers(generator, 1, 3, rank), "group": group}
        attributes |= padding(generator, rank, kernel)
        if "auto_pad" not in attributes:
            attributes["dilations"] = numbers(generator, 1, 2, rank)
        inputs = {"a": values(generator, 2, 4, *numbers(generator, 6, 9, rank))}
        yield (
            "Conv",
            attributes,
            inputs,
            {"b": values(generator, 8, 4 // group, *kernel), "c": values(generator, 8)},
            1,
        )


def transposed(generator: np.random.Generator) -> Iterator[Case]:
    for _ in range(COUNT):
        rank, group = int(generator.integers(1, 3)), int(generator.choice([1, 2]))
        kernel, strides = numbers(generator, 2, 4, rank), numbers(generator, 1, 3, rank)
        attributes = {"kernel_shape": kernel, "strides": strides, "group": group}
        size = numbers(generator, 4, 6, rank)
        kind = int(generator.integers(0, 3))
        if kind == 0:
            attributes["pads"] = numbers(generator, 0, 1, 2 * rank)
            attributes["output_padding"] = [int(generator.integers(0, step)) for step in strides]
        elif kind == 1:
            attributes["auto_pad"] = str(generator.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        else:
            attributes["dilations"] = numbers(generator, 1, 2, rank)
        inputs = {"a": values(generator, 1, 4, *size)}
        weights = {"b": values(generator, 4, 3, *kernel), "c": values(generator, 3 * group)}
        yield "ConvTranspose", attributes, inputs, weights, 1


def pools(generator: np.random.Generator) -> Iterator[Case]:
    for number in range(COUNT):
        rank = int(generator.integers(1, 4))
        kernel = numbers(generator, 2, 3, rank)
        attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": numbers(generator, 1, 3, rank)}
        attributes |= padding(generator, rank, kernel)
        if "auto_pad" not in attributes:
            attributes["ceil_mode"] = int(generator.integers(0, 2))
        operator = "MaxPool" if number % 2 else "AveragePool"
        if operator == "AveragePool":
            attributes["count_include_pad"] = int(generator.integers(0, 2))
        inputs = {"a": values(generator, 1, 3, *numbers(generator, 7, 10, rank))}
        yield operator, attributes, inputs, {}, 1


def resizes(generator: np.random.Generator) -> Iterator[Case]:
    words = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
    for _ in range(COUNT):
        mode = str(generator.choice(["nearest", "linear", "cubic"]))
        attributes: dict[str, Any] = {
            "mode": mode,
            "coordinate_transformation_mode": str(generator.choice(words)),
        }
        if mode == "nearest":
            attributes["nearest_mode"] = str(
                generator.choice(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
            )
        size = numbers(generator, 4, 9, 2)
        wanted = np.array([1, 2, *numbers(generator, 2, 16, 2)], np.int64)
        inputs = {"a": values(generator, 1, 2, *size)}
        yield "Resize", attributes, inputs, {"b": None, "c": None, "d": wanted}, 1


def recurrent(generator: np.random.Generator) -> Iterator[Case]:
    for number in range(24):
        kind, gates = [("LSTM", 4), ("GRU", 3), ("RNN", 1)][number % 3]
        direction = str(generator.choice(["forward", "reverse", "bidirectional"]))
        count = 2 if direction == "bidirectional" else 1
        steps, rows, units, features = 5, 3, 4, 6
        weights = {
            "b": values(generator, count, gates * units, features),
            "c": values(generator, count, gates * units, units),
            "d": values(generator, count, 2 * gates * units),
            "e": np.array([5, 2, 4], np.int32) if generator.integers(0, 2) else None,
            "f": values(generator, count, rows, units),
        }
        attributes: dict[str, Any] = {"hidden_size": units, "direction": direction}
        if kind == "GRU":
            attributes["linear_before_reset"] = int(generator.integers(0, 2))
        outputs = 2
        if kind == "LSTM":
            weights["g"], outputs = values(generator, count, rows, units), 3
            if generator.integers(0, 2):
                weights["h"] = values(generator, count, 3 * units)
        yield kind, attributes, {"a": values(generator, steps, rows, features)}, weights, outputs


@pytest.mark.parametrize("cases", [convolutions, transposed, pools, resizes, recurrent])
def test_random_attributes_give_what_onnxruntime_gives(
    cases: Callable[[np.random.Generator], Iterator[Case]],
) -> None:
    wrong, ran = [], 0
    for case in cases(np.random.default_rng(8)):
        expected, came = answers(case)
        ran += 1
        for wanted, value in zip(expected, came, strict=True):
            if wanted.shape != value.shape or not np.allclose(wanted, value, rtol=1e-4, atol=1e-5):
                gap = np.abs(wanted - value).max() if wanted.shape == value.shape else value.shape
                wrong.append((case[0], case[1], case[2]["a"].shape, wanted.shape, gap))
    assert ran >= 24
    assert wrong == []
