"""``MatMulInteger``: matrix product of 8-bit integers less their zero points, in int32.

Covers version 10 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (10,)


def run(
    a: Tensor, b: Tensor, a_zero_point: Tensor | None = None, b_zero_point: Tensor | None = None
) -> Tensor:
    left, right = a.to(torch.int32), b.to(torch.int32)
    if a_zero_point is not None:
        zero = a_zero_point.to(torch.int32)
        left = left - (zero.unsqueeze(-1) if zero.dim() == 1 and zero.numel() > 1 else zero)
    if b_zero_point is not None:
        right = right - b_zero_point.to(torch.int32)
    return torch.matmul(left, right)
