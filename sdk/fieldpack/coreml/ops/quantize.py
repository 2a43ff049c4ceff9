"""``quantize``: ``clip(round(x / scale) + zero_point)`` to int8 or uint8, iOS17 operator set.

``scale`` and ``zero_point`` are scalars, or vectors along ``axis``. Halves round to the even number.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._affine import along_axis
from fieldpack.errors import ModelFileError

_RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


def run(
    input: Tensor,
    scale: Tensor,
    output_dtype: str,
    zero_point: Tensor | None = None,
    axis: int | None = None,
) -> Tensor:
    if output_dtype not in _RANGES:
        raise ModelFileError("quantize has an unknown type", came=output_dtype, allowed=", ".join(_RANGES))
    codes = torch.round(input / along_axis(scale, input, axis))
    if zero_point is not None:
        codes = codes + along_axis(zero_point, input, axis)
    return codes.clamp(*_RANGES[output_dtype])
