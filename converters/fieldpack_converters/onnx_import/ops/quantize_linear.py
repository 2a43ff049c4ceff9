"""``QuantizeLinear``: round(x / scale) + zero point, saturated; by tensor, by channel or by block.

Covers versions 10, 13, 19, 21, 23, 24, 25 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.quantized import blocked
from fieldpack_converters.onnx_import.casting import cast
from fieldpack_converters.onnx_import.element_type import torch_type

VERSIONS = (10, 13, 19, 21, 23, 24, 25, 28)


def run(
    x: Tensor,
    scale: Tensor,
    zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
) -> Tensor:
    if zero_point is not None:
        dtype = zero_point.dtype
    else:
        dtype = torch_type(output_dtype, "the result of QuantizeLinear") if output_dtype else torch.uint8
    wide = blocked(scale, x, axis, block_size).to(x.dtype)
    steps = x / wide
    if dtype.is_floating_point:
        return cast(steps, dtype, bool(saturate))
    zero = 0 if zero_point is None else blocked(zero_point, x, axis, block_size).to(torch.int32)
    ends = torch.iinfo(dtype)
    return torch.clamp(torch.round(steps).to(torch.float32) + zero, ends.min, ends.max).to(dtype)
