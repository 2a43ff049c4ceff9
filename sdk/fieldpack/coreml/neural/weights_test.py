"""Stored weights: every form, exact sizes, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.neural.conftest import put
from fieldpack.coreml.neural.schema import message
from fieldpack.coreml.neural.weights import count_of, read_weights, stored_form, weights_of
from fieldpack.errors import ModelFileError


def quantised(codes: Any, bits: int) -> Any:
    """A message with codes packed bit by bit, the first in the highest bits."""
    params = message("WeightParams")
    text = "".join(format(int(code), f"0{bits}b") for code in np.ravel(codes))
    text += "0" * (-len(text) % 8)
    params.rawValue = bytes(int(text[place : place + 8], 2) for place in range(0, len(text), 8))
    params.quantization.numberOfBits = bits
    return params


def test_float32_in_several_runs_and_float16() -> None:
    params = message("WeightParams")
    put(params, [1.0, 2.0])
    put(params, [3.0, -4.5])
    np.testing.assert_array_equal(read_weights(params, (2, 2)), [[1, 2], [3, -4.5]])
    assert stored_form(params) == ("float32", 16)
    half = message("WeightParams")
    half.float16Value = np.array([0.1, 65504.0], np.float16).tobytes()
    np.testing.assert_array_equal(read_weights(half, (2,)), np.array([0.1, 65504.0], np.float16))
    assert read_weights(half, (2,)).dtype == np.float32


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("axis", [0, 1])
def test_codes_with_a_linear_rule_per_channel(bits: int, axis: int) -> None:
    shape = (3, 2, 1, 5)
    codes = np.random.default_rng(bits).integers(0, 2**bits, shape)
    params = quantised(codes, bits)
    scale, bias = np.linspace(0.5, 2.0, shape[axis]), np.linspace(-1.0, 1.0, shape[axis])
    params.quantization.linearQuantization.scale.extend(scale)
    params.quantization.linearQuantization.bias.extend(bias)
    form = [1, 1, 1, 1]
    form[axis] = -1
    expected = codes * scale.reshape(form) + bias.reshape(form)
    np.testing.assert_allclose(read_weights(params, shape, axis), expected, rtol=1e-6, atol=1e-6)
    assert stored_form(params) == (f"uint{bits}", -(-30 * bits // 8))


@pytest.mark.parametrize("bits", range(1, 9))
def test_codes_with_a_look_up_table(bits: int) -> None:
    codes = np.random.default_rng(bits).integers(0, 2**bits, (7, 3))
    table = np.random.default_rng(9).normal(size=2**bits).astype(np.float32)
    params = quantised(codes, bits)
    params.quantization.lookupTableQuantization.floatValue.extend(table)
    np.testing.assert_array_equal(read_weights(params, (7, 3)), table[codes])


def test_signed_bytes() -> None:
    params = message("WeightParams")
    params.int8RawValue = np.array([-128, 127, -1, 0], np.int8).tobytes()
    params.quantization.linearQuantization.scale.append(0.5)
    np.testing.assert_array_equal(read_weights(params, (2, 2)), [[-64, 63.5], [-0.5, 0]])
    assert (stored_form(params), count_of(params)) == (("int8", 4), 4)


def test_inner_messages_are_found() -> None:
    layer = message("NeuralNetworkLayer")
    put(layer.uniDirectionalLSTM.weightParams.inputGateBiasVector, [1.0])
    put(layer.uniDirectionalLSTM.weightParams.outputGateBiasVector, [2.0])
    layer.uniDirectionalLSTM.weightParams.blockInputBiasVector.SetInParent()
    assert [count_of(found) for found in weights_of(layer)] == [1, 1]


def wrong(**changes: Any) -> Any:
    params = quantised([0, 1, 2, 3], 2)
    params.quantization.linearQuantization.scale.extend(changes.get("scale", [1.0]))
    params.quantization.linearQuantization.bias.extend(changes.get("bias", [0.0]))
    params.quantization.numberOfBits = changes.get("bits", 2)
    params.rawValue = changes.get("raw", params.rawValue)
    params.float16Value = changes.get("half", b"")
    return params


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (wrong(raw=b""), "not stored in one form"),
        (wrong(half=b"\0\0"), "not stored in one form"),
        (wrong(raw=b"\0\0"), "another size"),
        (wrong(bits=9), "number of bits"),
        (wrong(bits=0), "number of bits"),
        (wrong(scale=[1.0, 2.0, 3.0]), "number of scale"),
        (wrong(bias=[1.0, 2.0, 3.0]), "number of bias"),
        (wrong(scale=[float("nan")]), "NaN"),
    ],
)
def test_contradictions_are_refused(params: Any, text: str) -> None:
    with pytest.raises(ModelFileError, match=text):
        read_weights(params, (2, 2))


def test_a_declared_size_takes_no_memory_before_it_is_checked() -> None:
    params = message("WeightParams")
    put(params, [1.0])
    with pytest.raises(ModelFileError, match="another size"):
        read_weights(params, (2**31, 2**31))


def test_a_table_of_another_size_and_a_missing_rule_are_refused() -> None:
    params = quantised([0, 1, 2, 3], 2)
    with pytest.raises(ModelFileError, match="no rule"):
        read_weights(params, (4,))
    params.quantization.lookupTableQuantization.floatValue.extend([1.0, 2.0])
    with pytest.raises(ModelFileError, match="look-up table"):
        read_weights(params, (4,))


def test_unpacked_floats_are_not_lost_without_a_word() -> None:
    params = message("WeightParams")
    params.ParseFromString(b"\x0d\x00\x00\x80\x3f")  # field 1 as a single fixed32, legal but never written
    with pytest.raises(ModelFileError, match="not stored in one form"):
        read_weights(params, (1,))
