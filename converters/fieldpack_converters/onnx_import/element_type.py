"""The element types of ONNX tensors and the torch types that hold them.

2-bit and 4-bit numbers lie in a wider torch type: ONNX moves, casts and quantises them and computes nothing
else in them.  torch computes little in uint64 and nothing in 8-bit floats; those are refused by name where a
value of theirs would have to be computed.
"""

from __future__ import annotations

import torch

from fieldpack.errors import UnsupportedError

#: Number in the ONNX schema -> (name, torch type).
ELEMENT_TYPES: dict[int, tuple[str, torch.dtype]] = {
    1: ("float32", torch.float32),
    2: ("uint8", torch.uint8),
    3: ("int8", torch.int8),
    4: ("uint16", torch.uint16),
    5: ("int16", torch.int16),
    6: ("int32", torch.int32),
    7: ("int64", torch.int64),
    9: ("bool", torch.bool),
    10: ("float16", torch.float16),
    11: ("float64", torch.float64),
    12: ("uint32", torch.uint32),
    13: ("uint64", torch.uint64),
    16: ("bfloat16", torch.bfloat16),
    17: ("float8e4m3fn", torch.float8_e4m3fn),
    18: ("float8e4m3fnuz", torch.float8_e4m3fnuz),
    19: ("float8e5m2", torch.float8_e5m2),
    20: ("float8e5m2fnuz", torch.float8_e5m2fnuz),
    21: ("uint4", torch.uint8),
    22: ("int4", torch.int8),
    23: ("float4e2m1", torch.float32),
    24: ("float8e8m0", torch.float8_e8m0fnu),
    25: ("uint2", torch.uint8),
    26: ("int2", torch.int8),
}
UINT8 = 2
FLOAT4 = 23
#: Types that lie in a wider torch type, with the bits of the integers among them.
NARROW = {21: 4, 22: 4, FLOAT4: 0, 25: 2, 26: 2}
_SIGNED_NARROW = (22, 26)
_NUMBERS = {dtype: number for number, (_, dtype) in ELEMENT_TYPES.items() if number not in NARROW}


def number_of(dtype: torch.dtype) -> int:
    """The number in the schema of a torch type."""
    return _NUMBERS[dtype]


def integer_ends(number: int) -> tuple[int, int] | None:
    """The smallest and largest value of an integer type, None for a type of floats."""
    bits = NARROW.get(number, 0)
    if bits:
        signed = number in _SIGNED_NARROW
        return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    dtype = ELEMENT_TYPES[number][1]
    if dtype.is_floating_point or dtype is torch.bool:
        return None
    return torch.iinfo(dtype).min, torch.iinfo(dtype).max


def torch_type(number: int, what: str) -> torch.dtype:
    """The torch type of an ONNX element type; `what` says whose it is.

    Raises
    ------
    UnsupportedError
        For strings and complex numbers.
    """
    if number in ELEMENT_TYPES:
        return ELEMENT_TYPES[number][1]
    raise UnsupportedError(
        f"The element type of {what} is not supported.",
        came=type_name(number),
        allowed=", ".join(name for name, _ in ELEMENT_TYPES.values()),
        hint="export the model with float32 and int64 tensors",
    )


def type_name(number: int) -> str:
    """The schema's word for an element type (``float32``, ``string``, ``int4``)."""
    if number in ELEMENT_TYPES:
        return ELEMENT_TYPES[number][0]
    import onnx

    known = {value: str(name).lower() for name, value in onnx.TensorProto.DataType.items()}
    return known.get(number, f"number {number}")
