"""Weights on their way from a program to a network: decoded, with the integers they came from.

Eight-bit integers with one scale, or one a channel of the first axis, keep their form:
``scale * (code - zero)`` there is ``scale * unsigned + bias`` here. Every other compressed form is stored as
float16 or float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.fast.storage import UNPACKERS

LOWEST_INT8 = -128
QUANTISED = ("constexpr_affine_dequantize", "constexpr_blockwise_shift_scale")


@dataclass(frozen=True, slots=True)
class Codes:
    """Unsigned bytes and their rule ``scale * byte + bias``, one of each or one a channel."""

    data: NDArray[np.uint8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stored:
    """A constant of a program.

    Attributes
    ----------
    array : ndarray
        Its values; floats as float32.
    half : bool
        Whether it was stored as float16.
    codes : Codes or None
        The integers that it was stored as.
    """

    array: NDArray[Any]
    half: bool = False
    codes: Codes | None = None


def unpacked(kind: str, given: dict[str, NDArray[Any]], half: bool) -> Stored:
    """The weight that a ``constexpr_*`` operator stores."""
    array = np.asarray(UNPACKERS[kind](given), np.float32)
    return Stored(array, half, _codes(kind, given) if kind in QUANTISED else None)


def put_weights(params: Any, stored: Stored, *, reshaped: bool = False) -> None:
    """Fill a ``WeightParams`` message; `reshaped` weights lose their integers, whose axes are others."""
    if stored.codes is not None and not reshaped:
        params.rawValue = stored.codes.data.tobytes()
        params.quantization.numberOfBits = 8
        params.quantization.linearQuantization.scale.extend(stored.codes.scale.tolist())
        params.quantization.linearQuantization.bias.extend(stored.codes.bias.tolist())
    elif stored.half:
        params.float16Value = stored.array.astype("<f2").tobytes()
    else:
        params.floatValue.append(stored.array.astype("<f4").tobytes())


def _codes(kind: str, given: dict[str, NDArray[Any]]) -> Codes | None:
    blockwise = kind == "constexpr_blockwise_shift_scale"
    data = given["data" if blockwise else "quantized_data"]
    zero = given.get("offset" if blockwise else "zero_point", np.zeros(()))
    scale = given["scale"].astype(np.float32)
    if data.dtype not in (np.int8, np.uint8) or data.ndim < 2 or not _per_channel(data, scale, given):
        return None
    shift = LOWEST_INT8 if data.dtype == np.int8 else 0
    steps = scale.reshape(-1)
    zeros = np.broadcast_to(zero.astype(np.float32).reshape(-1), steps.shape)
    unsigned = (data.astype(np.int16) - shift).astype(np.uint8)
    return Codes(unsigned, steps, ((shift - zeros) * steps).astype(np.float32))


def _per_channel(data: NDArray[Any], scale: NDArray[Any], given: dict[str, NDArray[Any]]) -> bool:
    """One scale, or one for each channel of the first axis."""
    if scale.size == 1:
        return True
    along_first = "axis" not in given or int(given["axis"]) == 0
    first = scale.ndim < 2 or scale.shape[0] == scale.size
    return along_first and first and scale.size == data.shape[0]
