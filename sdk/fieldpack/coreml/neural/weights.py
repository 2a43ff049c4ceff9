"""``WeightParams``: numbers of a layer, whatever form they are stored in.

Forms: float32, float16, or unsigned codes of 1 to 8 bits with a linear rule (``scale * code +
bias``, one pair or one a channel) or a look-up table, and signed bytes with one scale or one a
channel. Codes are packed with the first in the highest bits. All come out as float32.

Specification: messages ``WeightParams``, ``QuantizationParams``, ``LinearQuantizationParams`` and
``LookUpTableQuantizationParams``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import ModelFileError

_SOURCES = ("floatValue", "float16Value", "rawValue", "int8RawValue")


def read_weights(params: Any, shape: Sequence[int], axis: int = 0) -> NDArray[np.float32]:
    """Decode a ``WeightParams`` message.

    Parameters
    ----------
    params : protobuf ``WeightParams``
        Exactly one of its forms is filled.
    shape : sequence of int
        What the layer declares; checked against the stored bytes before anything is allocated.
    axis : int
        Axis of ``shape`` with one scale and bias an entry.

    Returns
    -------
    float32 array of ``shape``

    Raises
    ------
    ModelFileError
        Another number of values than declared, no form or several, or a NaN.
    """
    sizes = list(map(int, shape))
    count = math.prod(sizes)
    form = _form(params)
    if form == "floatValue":
        data = _counted(np.frombuffer(b"".join(params.floatValue), np.uint8), 4 * count, "float32", count)
        numbers = data.view("<f4").astype(np.float32)
    elif form == "float16Value":
        data = _counted(np.frombuffer(params.float16Value, np.uint8), 2 * count, "float16", count)
        numbers = data.view("<f2").astype(np.float32)
    else:
        numbers = _dequantised(params, form, sizes, count, axis)
    if np.isnan(numbers).any():
        raise ModelFileError(
            "A stored weight holds NaN",
            allowed="numbers, or infinity",
            hint="the training diverged, or the file is damaged; export the model again",
        )
    return numbers.reshape(sizes)


def stored_form(params: Any) -> tuple[str, int]:
    """Name and bytes of what a ``WeightParams`` message stores, ``("uint4", 512)``; tables not counted."""
    if params.floatValue:
        return "float32", sum(map(len, params.floatValue))
    if params.float16Value:
        return "float16", len(params.float16Value)
    if params.int8RawValue:
        return "int8", len(params.int8RawValue)
    return f"uint{int(params.quantization.numberOfBits) or 8}", len(params.rawValue)


def count_of(params: Any) -> int:
    """How many values a ``WeightParams`` message stores, where a layer does not declare it."""
    form, size = stored_form(params)
    bits = {"float32": 32, "float16": 16, "int8": 8}.get(form) or int(form.removeprefix("uint"))
    return size * 8 // bits


def weights_of(message: Any) -> Iterator[Any]:
    """Every ``WeightParams`` message inside a message that stores something, those of inner layers too."""
    if message.DESCRIPTOR.name == "WeightParams":
        if any(getattr(message, source) for source in _SOURCES):
            yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            continue
        for item in value if field.is_repeated else [value]:
            yield from weights_of(item)


def _form(params: Any) -> str:
    filled = [source for source in _SOURCES if getattr(params, source)]
    if len(filled) != 1:
        raise ModelFileError(
            "A weight is not stored in one form",
            came=", ".join(filled) or "nothing",
            allowed=f"one of {', '.join(_SOURCES)}",
            hint="convert the model again; the file may be truncated",
        )
    return filled[0]


def _counted(data: NDArray[np.uint8], size: int, form: str, count: int) -> NDArray[np.uint8]:
    if data.size != size:
        raise ModelFileError(
            "A weight has another size than declared",
            came=f"{data.size} bytes of {form}",
            allowed=f"{size} bytes for {count} values",
            hint="convert the model again; the file may be truncated",
        )
    return data


def _dequantised(params: Any, form: str, shape: list[int], count: int, axis: int) -> NDArray[np.float32]:
    rule = params.quantization.WhichOneof("QuantizationType")
    if form == "int8RawValue":
        stored = np.frombuffer(params.int8RawValue, np.uint8)
        codes: NDArray[Any] = _counted(stored, count, "int8", count).view(np.int8)
    else:
        codes = _codes(params, count)
    if rule == "lookupTableQuantization" and form == "rawValue":
        return _looked_up(codes, params.quantization)
    if rule != "linearQuantization":
        raise ModelFileError(
            "A quantised weight has no rule",
            came=rule,
            allowed="linear, or a look-up table for unsigned codes",
        )
    linear = params.quantization.linearQuantization
    scale = _per_channel(linear.scale, shape, axis, "scale")
    bias = _per_channel(linear.bias or [0.0], shape, axis, "bias")
    return (codes.reshape(shape).astype(np.float32) * scale + bias).reshape(-1)


def _codes(params: Any, count: int) -> NDArray[Any]:
    bits = int(params.quantization.numberOfBits)
    if not 1 <= bits <= 8:
        raise ModelFileError("A quantised weight has a wrong number of bits", came=bits, allowed="1 to 8")
    raw = _counted(
        np.frombuffer(params.rawValue, np.uint8), math.ceil(count * bits / 8), f"{bits}-bit codes", count
    )
    if bits == 8:
        return raw
    flat = np.unpackbits(raw, count=count * bits).reshape(count, bits)
    return np.packbits(flat, axis=1).reshape(-1) >> (8 - bits)


def _looked_up(codes: NDArray[Any], quantization: Any) -> NDArray[np.float32]:
    table = np.asarray(quantization.lookupTableQuantization.floatValue, np.float32)
    if table.size != 1 << int(quantization.numberOfBits):
        raise ModelFileError(
            "A look-up table has another size than its codes need",
            came=table.size,
            allowed=str(1 << int(quantization.numberOfBits)),
        )
    return np.asarray(table[codes])


def _per_channel(values: Any, shape: list[int], axis: int, what: str) -> NDArray[np.float32]:
    channels = shape[axis] if len(shape) > 1 else 1
    if len(values) not in (1, channels):
        raise ModelFileError(
            f"A quantised weight has another number of {what} values than channels",
            came=len(values),
            allowed=f"1 or {channels}",
        )
    form = [1] * len(shape)
    if len(values) > 1:
        form[axis] = channels
    return np.asarray(values, np.float32).reshape(form)
