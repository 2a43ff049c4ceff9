"""Element types changed as ONNX has it: floats to integers towards zero, anything to truth by "not zero"."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.element_type import FLOAT4, integer_ends, torch_type

_FLOAT8 = (torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz)
#: What is larger does not round to the largest value of E4M3, 448.
_E4M3_ROUNDED = 464.0
_FLOAT4_VALUES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


def cast(x: Tensor, number: int, saturate: bool = True) -> Tensor:
    """`x` in another element type of the schema.

    An 8-bit float takes what is too large for it as its largest value; without `saturate` as infinity or NaN.
    """
    dtype = torch_type(number, "the target of a cast")
    if number == FLOAT4:
        return _to_float4(x.to(torch.float32))
    ends = integer_ends(number)
    if ends is not None and ends[1] < 16:
        return _wrapped(x, ends).to(dtype)
    if dtype not in _FLOAT8 or x.dtype in _FLOAT8:
        return x.to(dtype)
    wide, largest = x.to(torch.float32), torch.finfo(dtype).max
    if not saturate:
        lost = (
            torch.abs(wide) > _E4M3_ROUNDED if dtype is torch.float8_e4m3fn else torch.zeros_like(wide).bool()
        )
        return torch.where(lost, torch.full_like(wide, torch.nan), wide).to(dtype)
    return torch.where(torch.isnan(wide), wide, torch.clamp(wide, -largest, largest)).to(dtype)


def _wrapped(x: Tensor, ends: tuple[int, int]) -> Tensor:
    """Integers of two or four bits: the lowest bits are kept."""
    low, high = ends
    return torch.remainder(x.to(torch.int32) - low, high - low + 1) + low


def _to_float4(x: Tensor) -> Tensor:
    """The nearest value of E2M1, ties to the even code; what is too large becomes the largest."""
    size = torch.abs(x)
    nearest = torch.zeros_like(x)
    for code in range(1, len(_FLOAT4_VALUES)):
        middle = (_FLOAT4_VALUES[code - 1] + _FLOAT4_VALUES[code]) / 2
        above = size > middle if code % 2 else size >= middle
        nearest = torch.where(above, torch.full_like(x, _FLOAT4_VALUES[code]), nearest)
    return torch.copysign(nearest, x)
