"""``constexpr_affine_dequantize``: ``scale * (quantized_data - zero_point)``, iOS16 operator set.

Stored weights, unpacked once. ``scale`` and ``zero_point`` are scalars, or vectors along ``axis``.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._affine import along_axis


def run(quantized_data: Tensor, zero_point: Tensor, scale: Tensor, axis: int) -> Tensor:
    codes = quantized_data.to(scale.dtype) - along_axis(zero_point, quantized_data, axis).to(scale.dtype)
    return along_axis(scale, quantized_data, axis) * codes
