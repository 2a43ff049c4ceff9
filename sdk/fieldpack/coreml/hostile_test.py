"""Packages with altered bytes end in an error of Fieldpack, or in a result: never in a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.coreml.plan_test import conditional, looping
from fieldpack.errors import FieldpackError


@pytest.fixture
def package(handmade: Any) -> Any:
    """A program with stored weights, shapes, texts and several operators."""
    codes = np.arange(-8, 8, dtype=np.int8)
    handmade.input("x", "float32", (1, 2, 4, 4))
    handmade.weight("codes", "int8", (2, 2, 2, 2), codes.tobytes())
    handmade.weight("scale", "float16", (2,), np.array([0.5, 0.25], np.float16).tobytes())
    zero, axis = np.array(0, np.int8), np.array(0, np.int32)
    handmade.op(
        "constexpr_affine_dequantize", "w", "float16", (2, 2, 2, 2),
        quantized_data="codes", zero_point=zero, scale="scale", axis=axis,
    )  # fmt: skip
    handmade.op("conv", "c", "float32", (1, 2, 4, 4), x="x", weight="w", pad_type="=same")
    handmade.op("reshape", "r", "float32", (1, 32), x="c", shape=np.array([1, -1], np.int32))
    handmade.op("softmax", "y", "float32", (1, 32), x="r", axis=np.array(-1, np.int32))
    handmade.output("y", "float32", (1, 32))
    return handmade.save()


@pytest.mark.parametrize("build", [conditional, lambda made: looping(made, 10.0)], ids=["cond", "while_loop"])
def test_altered_control_flow_ends_in_an_error_or_a_result(
    handmade: Any, monkeypatch: Any, build: Any
) -> None:
    from fieldpack.coreml.ops import while_loop

    monkeypatch.setattr(while_loop, "MOST_ROUNDS", 100)
    package = build(handmade).save()
    path = package / "Data/com.apple.CoreML/model.mlmodel"
    good = path.read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(200):
        data = bytearray(good)
        for place in rng.integers(0, len(good), rng.integers(1, 4)):
            data[place] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(bytes(data))
        try:
            Interpreter(open_package(package)).run({"x": np.ones(1, np.float32)})
        except FieldpackError:
            refused += 1
    assert 50 < refused < 200


@pytest.mark.parametrize("name", ["model.mlmodel", "weights/weight.bin"])
def test_altered_bytes_end_in_an_error_or_a_result(package: Any, name: str) -> None:
    path = package / "Data/com.apple.CoreML" / name
    good = path.read_bytes()
    rng = np.random.default_rng(11)
    refused = 0
    for _ in range(150):
        data = bytearray(good)
        for place in rng.integers(0, len(good), rng.integers(1, 4)):
            data[place] = rng.integers(0, 256)
        path.write_bytes(bytes(data[: rng.integers(1, len(good))] if rng.random() < 0.2 else data))
        try:
            Interpreter(open_package(package)).run({"x": np.ones((1, 2, 4, 4), np.float32)})
        except FieldpackError:
            refused += 1
    assert refused > 10
    path.write_bytes(good)
    (result,) = Interpreter(open_package(package)).run({"x": np.ones((1, 2, 4, 4), np.float32)}).values()
    assert result.sum() == pytest.approx(1.0)
