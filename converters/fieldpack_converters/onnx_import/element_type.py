"""The element types of ONNX tensors and the torch types that hold them.

torch computes little in unsigned integers wider than eight bits and nothing in 4-bit and 8-bit floats;
those are refused by name where a value of theirs would have to be computed.
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
}


def torch_type(number: int, what: str) -> torch.dtype:
    """The torch type of an ONNX element type; `what` says whose it is.

    Raises
    ------
    UnsupportedError
        For strings, complex numbers, 2-bit and 4-bit integers and floats.
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
