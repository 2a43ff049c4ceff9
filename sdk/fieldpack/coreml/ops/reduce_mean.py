"""``reduce_mean``: Reduction, iOS15 operator set (float16, float32, int32).

``y = sum(x) / n`` over ``axes`` (all axes where none are given).

The mean of integers is cut to the declared type.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._axes import all_axes


def run(x: Tensor, axes: tuple[int, ...] | None = None, keep_dims: bool = False) -> Tensor:
    exact = x if x.is_floating_point() else x.double()
    return torch.mean(exact, dim=all_axes(x, axes), keepdim=keep_dims)
