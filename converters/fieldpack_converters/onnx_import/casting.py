"""Element types changed as ONNX has it: floats to integers towards zero, anything to truth by "not zero"."""

from __future__ import annotations

import torch
from torch import Tensor

_FLOAT8 = (torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz)


def cast(x: Tensor, dtype: torch.dtype, saturate: bool = True) -> Tensor:
    """`x` in another element type; without `saturate` an 8-bit float overflows to infinity or NaN."""
    if dtype not in _FLOAT8 or x.dtype in _FLOAT8:
        return x.to(dtype)
    largest = torch.finfo(dtype).max
    if saturate:
        return torch.clamp(x.to(torch.float32), -largest, largest).where(~torch.isnan(x), x.float()).to(dtype)
    return x.to(dtype)
