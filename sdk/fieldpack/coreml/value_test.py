"""Typed values: what they decode to, and how they may lie about themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.blob import BLOB_TYPES, BlobFile
from fieldpack.coreml.conftest import blob_file, set_type, set_value
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


@pytest.mark.parametrize(
    ("dtype", "codes", "numbers"),
    [
        ("float8e4m3fn", [0x38, 0xB9, 0x7E, 0x01, 0x08, 0x80], [1.0, -1.125, 448.0, 2**-9, 2**-6, 0.0]),
        ("float8e5m2", [0x3C, 0xBD, 0x7B, 0x01, 0x7C], [1.0, -1.25, 57344.0, 2**-16, np.inf]),
    ],
)
def test_floats_of_eight_bits_become_float32(tmp_path: Any, dtype: Any, codes: Any, numbers: Any) -> None:
    value = message("MILSpec.Value")
    set_type(value.type, dtype, (len(codes),))
    value.immediateValue.tensor.bytes.values = bytes(codes)
    assert decoded(value).tolist() == numbers
    number = {kind.name: key for key, kind in BLOB_TYPES.items()}[dtype]
    (tmp_path / "weight.bin").write_bytes(blob_file((number, bytes(codes), 0)))
    assert from_blob(tmp_path, dtype, (len(codes),)).tolist() == numbers


@pytest.mark.parametrize("dtype", ["float8e4m3fn", "float8e5m2"])
def test_all_codes_of_eight_bits_are_those_of_torch(dtype: Any) -> None:
    torch = pytest.importorskip("torch", reason='pip install "fieldpack[coreml-reference]"')
    kind = {"float8e4m3fn": torch.float8_e4m3fn, "float8e5m2": torch.float8_e5m2}[dtype]
    value = message("MILSpec.Value")
    set_type(value.type, dtype, (256,))
    value.immediateValue.tensor.bytes.values = bytes(range(256))
    expected = torch.arange(256, dtype=torch.uint8).view(kind).float().numpy()
    np.testing.assert_array_equal(decoded(value), expected)


def from_blob(folder: Any, dtype: str, shape: Any) -> Any:
    value = message("MILSpec.Value")
    set_type(value.type, dtype, shape)
    value.blobFileValue.offset = 64
    return decode(value, lambda _: BlobFile(folder / "weight.bin"))


#: blob number, dtype, stored bytes, padding bits, what they hold
STORED = [
    (5, "bfloat16", b"\x80\x3f\x20\xc0", 0, [1.0, -2.5]),
    (6, "int16", np.array([-32768, 7], "<i2").tobytes(), 0, [-32768, 7]),
    (7, "uint16", np.array([65535, 7], "<u2").tobytes(), 0, [65535, 7]),
    (8, "int4", b"\x9f\x07", 4, [-1, -7, 7]),
    (9, "uint1", b"\x05", 5, [1, 0, 1]),
    (10, "uint2", b"\x36", 2, [2, 1, 3]),
    (11, "uint4", b"\x9f\x07", 4, [15, 9, 7]),
    (12, "uint3", b"\xd1\x09", 4, [1, 2, 7, 4]),
    (13, "uint6", b"\x7f\x00", 4, [63, 1]),
    (14, "int32", np.array([-(2**31)], "<i4").tobytes(), 0, [-(2**31)]),
    (15, "uint32", np.array([2**32 - 1], "<u4").tobytes(), 0, [2**32 - 1]),
]


@pytest.mark.parametrize(("number", "dtype", "payload", "padding", "numbers"), STORED)
def test_every_stored_type_is_read(
    tmp_path: Any, number: Any, dtype: Any, payload: Any, padding: Any, numbers: Any
) -> None:
    (tmp_path / "weight.bin").write_bytes(blob_file((number, payload, padding)))
    assert from_blob(tmp_path, dtype, (len(numbers),)).tolist() == numbers


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_nan_in_a_stored_weight_is_refused_and_infinity_is_not(tmp_path: Any, dtype: Any) -> None:
    number = {"float16": 1, "float32": 2}[dtype]
    for odd, legal in ((np.nan, False), (-np.inf, True)):
        data = np.array([1.0, odd, 2.0], dtype)
        (tmp_path / "weight.bin").write_bytes(blob_file((number, data.tobytes(), 0)))
        if legal:
            assert from_blob(tmp_path, dtype, (3,)).tolist() == data.tolist()
            continue
        with pytest.raises(ModelFileError, match="NaN") as caught:
            from_blob(tmp_path, dtype, (3,))
        assert "element 1 of 3" in str(caught.value)


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
    value.type.tensorType.dataType = 99
    value.immediateValue.tensor.bytes.values = b"a"
    with pytest.raises(UnsupportedError, match="unknown"):
        decoded(value)


def test_a_fact_keeps_what_is_not_known() -> None:
    kind = message("MILSpec.ValueType")
    set_type(kind, "float16", (1, None, 3))
    assert tensor_fact(kind) == TensorFact("float16", (1, None, 3))
    kind.tensorType.dimensions[1].unknown.variadic = True
    assert tensor_fact(kind) == TensorFact("float16", None)
    assert tensor_fact(message("MILSpec.ValueType")) is None


def test_a_size_that_no_engine_counts_is_refused() -> None:
    kind = message("MILSpec.ValueType")
    set_type(kind, "float32", (2, 3))
    kind.tensorType.dimensions[1].constant.size = 2**63 - 1
    assert tensor_fact(kind) == TensorFact("float32", (2, 2**63 - 1))
    kind.tensorType.dimensions[1].constant.size = 2**63
    with pytest.raises(ModelFileError, match="too large"):
        tensor_fact(kind)
