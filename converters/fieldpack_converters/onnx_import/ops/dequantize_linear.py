"""``DequantizeLinear``: (x - zero point) * scale; by tensor, by channel or by block.

Covers versions 10, 13, 19, 21, 23, 24, 25 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.element_type import torch_type
from fieldpack_converters.onnx_import.quantized import blocked

VERSIONS = (10, 13, 19, 21, 23, 24, 25, 28)


def run(
    x: Tensor,
    scale: Tensor,
    zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> Tensor:
    dtype = torch_type(output_dtype, "the result of DequantizeLinear") if output_dtype else scale.dtype
    steps = x.to(torch.float32)
    if zero_point is not None:
        steps = steps - blocked(zero_point.to(torch.float32), x, axis, block_size)
    return (steps * blocked(scale, x, axis, block_size).to(torch.float32)).to(dtype)
