"""Typed values: what they decode to, and how they may lie about themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.blob import BlobFile
from fieldpack.coreml.conftest import set_type, set_value
from fieldpack.coreml.schema import message
from fieldpack.coreml.value import TensorFact, decode, tensor_fact
from fieldpack.errors import ModelFileError, UnsupportedError


def no_blob(name: str) -> BlobFile:
    raise AssertionError(f"no weight file expected, asked for {name}")


def decoded(value: Any) -> Any:
    return decode(value, no_blob)


def value_of(content: Any) -> Any:
    value = message("MILSpec.Value")
    set_value(value, content)
    return value


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, -2.0]], np.float32),
        np.array([1.5, 65504.0], np.float16),
        np.array(-7, np.int32),
        np.array([-128, 127], np.int8),
        np.array([65535, 1], np.uint16),
        np.array([True, False]),
        np.zeros((0,), np.int32),
        np.zeros((2, 0), np.float16),
    ],
)
def test_arrays_come_back(array: Any) -> None:
    found = decoded(value_of(array))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    np.testing.assert_array_equal(found, array)


def test_texts_and_lists_come_back() -> None:
    assert decoded(value_of("same_lower")) == "same_lower"
    assert decoded(value_of(["Ara macao", "Pica pica"])) == ("Ara macao", "Pica pica")


def test_immediate_sub_byte_values_are_unpacked() -> None:
    value = message("MILSpec.Value")
    set_type(value.type, "int4", (3,))
    value.immediateValue.tensor.bytes.values = b"\x9f\x07"
    assert decoded(value).tolist() == [-1, -7, 7]


def test_bfloat16_becomes_float32() -> None:
    value = message("MILSpec.Value")
    set_type(value.type, "bfloat16", (2,))
    value.immediateValue.tensor.bytes.values = b"\x80\x3f\x20\xc0"
    assert decoded(value).tolist() == [1.0, -2.5]


@pytest.mark.parametrize("shape", [(3,), (1, 1), (2**40,), ()])
def test_another_number_of_values_is_refused(shape: Any) -> None:
    value = value_of(np.array([1.0, 2.0], np.float32))
    value.type.Clear()
    set_type(value.type, "float32", shape)
    with pytest.raises(ModelFileError, match="another size"):
        decoded(value)


def test_bytes_that_do_not_divide_are_refused() -> None:
    value = value_of(np.array([1.0, 2.0], np.float16))
    value.immediateValue.tensor.bytes.values = b"abc"
    with pytest.raises(ModelFileError, match="another size"):
        decoded(value)


def test_open_shapes_and_other_types_are_refused() -> None:
    value = message("MILSpec.Value")
    set_type(value.type, "float32", (None,))
    with pytest.raises(ModelFileError, match="fixed shape"):
        decoded(value)
    with pytest.raises(ModelFileError, match="fixed shape"):
        decoded(message("MILSpec.Value"))
    value = message("MILSpec.Value")
    set_type(value.type, "float8e5m2", (1,))
    value.immediateValue.tensor.bytes.values = b"a"
    with pytest.raises(UnsupportedError, match="float8e5m2"):
        decoded(value)


def test_a_fact_keeps_what_is_not_known() -> None:
    kind = message("MILSpec.ValueType")
    set_type(kind, "float16", (1, None, 3))
    assert tensor_fact(kind) == TensorFact("float16", (1, None, 3))
    kind.tensorType.dimensions[1].unknown.variadic = True
    assert tensor_fact(kind) == TensorFact("float16", None)
    assert tensor_fact(message("MILSpec.ValueType")) is None
