"""Turns a typed MIL ``Value`` into a numpy array, a text or a tuple.

A value stands either in the model file (immediate) or in a weight file (by offset). Both are
checked against the declared type: element type, number of elements, length of the bytes.
Specification: ``MIL.proto``, messages ``Value``, ``TensorValue`` and ``ValueType``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.blob import BlobFile, unpack_bits
from fieldpack.coreml.schema import data_type_name
from fieldpack.errors import ModelFileError, UnsupportedError

#: Decoded value: array, text, boxed texts, or a tuple for lists, tuples and dictionaries.
Decoded = NDArray[Any] | str | tuple[Any, ...]
#: Finds the weight file behind a ``fileName``.
BlobOpener = Callable[[str], BlobFile]

#: MIL data type -> numpy type of the decoded array. Sub-byte types unpack to whole bytes.
NUMPY_TYPES: dict[str, str] = {
    "bool": "?",
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "bfloat16": "<f4",
    "float8e4m3fn": "<f4",
    "float8e5m2": "<f4",
    "int4": "|i1",
    "int8": "|i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
    "uint1": "|u1",
    "uint2": "|u1",
    "uint3": "|u1",
    "uint4": "|u1",
    "uint6": "|u1",
    "uint8": "|u1",
    "uint16": "<u2",
    "uint32": "<u4",
    "uint64": "<u8",
}
LARGEST_SIZE = 2**63 - 1
_SUB_BYTE_BITS = {"int4": 4, "uint1": 1, "uint2": 2, "uint3": 3, "uint4": 4, "uint6": 6}
#: Float types that numpy lacks -> numpy type of their codes.
_CODE_TYPES = {"bfloat16": "<u2", "float8e4m3fn": "|u1", "float8e5m2": "|u1"}
_FLAT_FIELDS = ("floats", "ints", "bools", "longInts", "doubles")


@dataclass(frozen=True, slots=True)
class TensorFact:
    """Declared type of a tensor: MIL ``dtype`` name, and ``shape`` with None for a size not known."""

    dtype: str
    shape: tuple[int | None, ...] | None


def tensor_fact(value_type: Any) -> TensorFact | None:
    """Read a ``ValueType`` message; None where it is no tensor (list, dictionary, state)."""
    if value_type.WhichOneof("type") != "tensorType":
        return None
    tensor = value_type.tensorType
    dims: list[int | None] = []
    for dim in tensor.dimensions:
        if dim.WhichOneof("dimension") != "constant":
            if dim.unknown.variadic:
                return TensorFact(data_type_name(tensor.dataType), None)
            dims.append(None)
        else:
            dims.append(_size(dim.constant.size))
    return TensorFact(data_type_name(tensor.dataType), tuple(dims))


def _size(declared: int) -> int:
    """A declared size that a signed number of 64 bits holds, as every engine counts."""
    if declared > LARGEST_SIZE:
        raise ModelFileError("A tensor is declared too large", came=declared, allowed=f"{LARGEST_SIZE}")
    return int(declared)


def state_fact(value_type: Any) -> TensorFact | None:
    """The tensor type inside a state's ``ValueType`` message; None where it is no state."""
    if value_type.WhichOneof("type") != "stateType":
        return None
    return tensor_fact(value_type.stateType.wrappedType)


def decode(value: Any, open_blob: BlobOpener) -> Decoded:
    """Decode a MIL ``Value`` message.

    Returns
    -------
    array, str or tuple
        Tensors come as arrays of the declared shape (read-only views for weight files); a text
        tensor of rank 0 as ``str``, of higher rank as a tuple of ``str``; lists and tuples as
        tuples; dictionaries as a tuple of pairs.

    Raises
    ------
    ModelFileError
        Value and declared type disagree, or a stored weight holds NaN (infinity is legal: masks).
    UnsupportedError
        An element type of a newer specification.
    """
    source = value.WhichOneof("value")
    if source == "blobFileValue":
        return _from_blob(value, open_blob)
    inner = value.immediateValue.WhichOneof("value") if source == "immediateValue" else None
    if inner == "list" or inner == "tuple":
        return tuple(decode(item, open_blob) for item in getattr(value.immediateValue, inner).values)
    if inner == "dictionary":
        pairs = value.immediateValue.dictionary.values
        return tuple((decode(pair.key, open_blob), decode(pair.value, open_blob)) for pair in pairs)
    return _from_tensor(value.immediateValue.tensor, _static(value))


def _static(value: Any) -> TensorFact:
    fact = tensor_fact(value.type)
    if fact is None or fact.shape is None or None in fact.shape:
        raise ModelFileError(
            "A constant is declared without a fixed shape", came=fact, allowed="a tensor type"
        )
    return fact


def _from_blob(value: Any, open_blob: BlobOpener) -> Decoded:
    fact = _static(value)
    blob, data = open_blob(value.blobFileValue.fileName).read(value.blobFileValue.offset)
    if blob.dtype != fact.dtype and not (fact.dtype == "bool" and blob.dtype == "uint8"):
        raise ModelFileError(
            "A weight is stored in another type than declared", came=blob.dtype, allowed=fact.dtype
        )
    numbers = _widened(data, blob.dtype)
    _refuse_nan(numbers)
    return _shaped(numbers.astype(_numpy_type(fact.dtype), copy=False), fact)


def _widened(codes: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Float types that numpy lacks as float32, from their codes (uint16 or uint8); others as they are.

    bfloat16 is the upper half of a float32, float8e5m2 (OCP 8-bit floating point) that of a float16;
    float8e4m3fn has bias 7, no infinity, and NaN at 0x7f and 0xff only.
    """
    if dtype == "bfloat16":
        return (codes.astype(np.uint32) << 16).view(np.float32)
    if dtype == "float8e5m2":
        return (codes.astype(np.uint16) << 8).view(np.float16).astype(np.float32)
    if dtype == "float8e4m3fn":
        return np.asarray(_e4m3_table()[codes])
    return codes


@cache
def _e4m3_table() -> NDArray[np.float32]:
    """The number of each of the 256 codes of float8e4m3fn."""
    codes = np.arange(256)
    exponent, fraction = codes >> 3 & 15, (codes & 7) / 8
    size = np.where(exponent, (1 + fraction) * 2.0 ** (exponent - 7), fraction * 2.0**-6)
    size[(codes & 127) == 127] = np.nan
    return np.where(codes < 128, size, -size).astype(np.float32)


def _refuse_nan(numbers: NDArray[Any]) -> None:
    """Weights are read piece by piece, so that the check needs no memory of their size."""
    if numbers.dtype.kind != "f":
        return
    piece = 1 << 20
    for start in range(0, numbers.size, piece):
        wrong = np.isnan(numbers[start : start + piece])
        if wrong.any():
            raise ModelFileError(
                "A stored weight holds NaN",
                came=f"NaN at element {start + int(wrong.argmax())} of {numbers.size}",
                allowed="numbers, or infinity",
                hint="the training diverged, or the file is damaged; export the model again",
            )


def _from_tensor(tensor: Any, fact: TensorFact) -> Decoded:
    kind = tensor.WhichOneof("value")
    if kind == "strings" or fact.dtype == "string":
        texts = tuple(tensor.strings.values)
        if len(texts) != _count(fact):
            raise _miscounted(len(texts), fact)
        return texts[0] if fact.shape == () else texts
    dtype = _numpy_type(fact.dtype)
    if kind == "bytes":
        return _shaped(_from_bytes(tensor.bytes.values, fact), fact)
    if kind in _FLAT_FIELDS:
        return _shaped(np.asarray(getattr(tensor, kind).values).astype(dtype), fact)
    return _shaped(np.zeros(0, dtype), fact)


def _from_bytes(raw: bytes, fact: TensorFact) -> NDArray[Any]:
    count = _count(fact)
    bits = _SUB_BYTE_BITS.get(fact.dtype)
    flat = np.frombuffer(raw, np.uint8)
    if bits is not None:
        return unpack_bits(flat, bits, count, signed=fact.dtype == "int4")
    dtype = np.dtype(_CODE_TYPES.get(fact.dtype) or _numpy_type(fact.dtype))
    if len(raw) % dtype.itemsize:
        raise _miscounted(f"{len(raw)} bytes", fact)
    return _widened(flat.view(dtype), fact.dtype)


def _shaped(data: NDArray[Any], fact: TensorFact) -> NDArray[Any]:
    if data.size != _count(fact):
        raise _miscounted(data.size, fact)
    return data.reshape([size or 0 for size in fact.shape or ()])


def _count(fact: TensorFact) -> int:
    return math.prod(size or 0 for size in fact.shape or ())


def _numpy_type(dtype: str) -> str:
    if dtype not in NUMPY_TYPES:
        raise UnsupportedError(f"Constants of type {dtype} cannot be read", allowed=", ".join(NUMPY_TYPES))
    return NUMPY_TYPES[dtype]


def _miscounted(came: object, fact: TensorFact) -> ModelFileError:
    return ModelFileError(
        "A constant has another size than declared",
        came=came,
        allowed=f"{_count(fact)} values of {fact.dtype}, shape {fact.shape}",
    )
