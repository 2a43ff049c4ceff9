"""``QuantizeLinear``: round(x / scale) + zero point, saturated; by tensor, by channel or by block.

Covers versions 10, 13, 19, 21, 23, 24, 25 and 28 of the operator.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.casting import cast
from fieldpack_converters.onnx_import.element_type import UINT8, integer_ends, torch_type
from fieldpack_converters.onnx_import.quantized import blocked

VERSIONS = (10, 13, 19, 21, 23, 24, 25, 28)


def run(
    x: Tensor,
    scale: Tensor,
    zero_point: Tensor | None = None,
    *,
    types: tuple[int, ...],
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
) -> Tensor:
    target = result_type(types, {"output_dtype": output_dtype})
    steps = x / blocked(scale, x, axis, block_size).to(x.dtype)
    ends = integer_ends(target)
    if ends is None:
        return cast(steps, target, bool(saturate))
    steps = torch.round(steps).to(torch.float32)
    if zero_point is not None:
        steps = steps + blocked(zero_point, x, axis, block_size).to(torch.float32)
    return torch.clamp(steps, *ends).to(torch_type(target, "the result of QuantizeLinear"))


def result_type(types: tuple[int, ...], arguments: dict[str, Any]) -> int:
    """That of the zero point, else of the attribute, else uint8."""
    return types[2] if len(types) > 2 and types[2] else (arguments.get("output_dtype") or UINT8)
