"""``QLinearMatMul``: matrix product of quantised matrices, quantised again.

Covers versions 10 and 21 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (10, 21)


def run(
    a: Tensor,
    a_scale: Tensor,
    a_zero_point: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero_point: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor,
) -> Tensor:
    left = a.to(torch.float32) - a_zero_point.to(torch.float32)
    right = b.to(torch.float32) - b_zero_point.to(torch.float32)
    product = torch.matmul(left, right) * (a_scale * b_scale / y_scale).to(torch.float32)
    ends = torch.iinfo(y_zero_point.dtype)
    steps = torch.round(product) + y_zero_point.to(torch.float32)
    return torch.clamp(steps, ends.min, ends.max).to(y_zero_point.dtype)
