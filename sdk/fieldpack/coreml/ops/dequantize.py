"""``dequantize``: ``scale * (x - zero_point)``, iOS17 operator set.

``scale`` and ``zero_point`` are scalars, or vectors along ``axis``.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._affine import along_axis


def run(input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None) -> Tensor:
    codes = input.to(scale.dtype)
    if zero_point is not None:
        codes = codes - along_axis(zero_point, input, axis).to(scale.dtype)
    return along_axis(scale, input, axis) * codes
