from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.tflite.border import RANGES, dequantize, quantize

SCALES = [(0.5, 0), (0.25, 3), (0.0078431, -1), (1 / 255, -128), (0.1, 7)]


def _values(scale: float) -> np.ndarray:
    ties = (np.arange(-140, 140) + 0.5) * np.float32(scale)
    spread = np.random.default_rng(0).normal(size=5000) * scale * 60
    values: np.ndarray = np.concatenate([ties, spread]).astype(np.float32)[None]
    return values


def _kernel(data: bytes, values: np.ndarray, reference: bool) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.BUILTIN
    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, values)
    interpreter.invoke()
    result: np.ndarray = interpreter.get_tensor(1)
    return result


@pytest.mark.parametrize(("scale", "zero_point"), SCALES)
def test_quantize_is_the_reference_kernel_bit_for_bit(
    scale: float, zero_point: int, make_quantize: Callable[[int, float, int], bytes]
) -> None:
    values = _values(scale)
    expected = _kernel(make_quantize(values.size, scale, zero_point), values, reference=True)
    np.testing.assert_array_equal(quantize(values, scale, zero_point, "int8"), expected)


@pytest.mark.parametrize(("scale", "zero_point"), SCALES)
def test_the_optimised_kernel_differs_on_ties_only_and_by_one_step(
    scale: float, zero_point: int, make_quantize: Callable[[int, float, int], bytes]
) -> None:
    values = _values(scale)
    other = _kernel(make_quantize(values.size, scale, zero_point), values, reference=False)
    difference = np.abs(quantize(values, scale, zero_point, "int8").astype(int) - other)
    quotient = np.abs(values.astype(np.float64) / np.float32(scale))
    is_tie = np.abs(quotient - np.floor(quotient) - 0.5) <= 4 * np.spacing(quotient.astype(np.float32))
    assert difference.max() <= 1
    assert not difference[~is_tie].any()


def test_ties_go_away_from_zero() -> None:
    values = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5], np.float32)
    assert quantize(values, 1.0, 0, "int8").tolist() == [1, 2, 3, -1, -2, -3]


@pytest.mark.parametrize("dtype", sorted(RANGES))
def test_clamps_to_the_type(dtype: str) -> None:
    stored = quantize(np.array([-1e12, 1e12]), 0.5, 0, dtype)
    assert stored.tolist() == list(RANGES[dtype])
    assert stored.dtype == ("int8" if dtype == "int4" else dtype)


def test_round_trip_is_within_half_a_step() -> None:
    values = np.linspace(-3, 3, 1001)
    back = dequantize(quantize(values, 0.03, 4, np.int8), 0.03, 4)
    assert back.dtype == np.float32
    assert np.abs(back - values).max() <= 0.015 * (1 + 1e-5)


def test_per_channel() -> None:
    values = np.array([[1.0, 2.0], [1.0, 2.0]])
    stored = quantize(values, (0.5, 0.25), (0, 1), "int8", axis=0)
    assert stored.tolist() == [[2, 4], [5, 9]]
    np.testing.assert_array_equal(dequantize(stored, (0.5, 0.25), (0, 1), axis=0), values)
    assert quantize(values, (0.5, 0.25), 0, "int8").tolist() == [[2, 8], [2, 8]]


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), ()])
def test_bad_scales_are_refused(scale: float) -> None:
    with pytest.raises(InputError, match="scale"):
        quantize(np.ones(2), scale, 0, "int8")


def test_other_misuse_is_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        quantize(np.array([np.nan]), 1.0, 0, "int8")
    with pytest.raises(InputError, match="type"):
        quantize(np.ones(2), 1.0, 0, "float32")
    with pytest.raises(InputError, match="Per-channel"):
        quantize(np.ones(3), (1.0, 1.0), (0, 0), "int8")
    with pytest.raises(InputError, match="do not match"):
        dequantize(np.ones(2, np.int8), (1.0, 1.0), (0, 0, 0))
