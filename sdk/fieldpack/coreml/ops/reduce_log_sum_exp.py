"""``reduce_log_sum_exp``: Reduction, iOS15 operator set (float16, float32, int32).

``y = ln(sum(e ^ x))`` over ``axes`` (all axes where none are given).

The greatest element is taken out first, so that the sum cannot overflow.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._axes import all_axes


def run(x: Tensor, axes: tuple[int, ...] | None = None, keep_dims: bool = False) -> Tensor:
    exact = x if x.is_floating_point() else x.double()
    return torch.logsumexp(exact, dim=all_axes(x, axes), keepdim=keep_dims)
