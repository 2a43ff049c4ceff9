"""``reduce_min``: Reduction, iOS15 operator set (float16, float32, int32).

``y = min(x)`` over ``axes`` (all axes where none are given).
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._axes import all_axes


def run(x: Tensor, axes: tuple[int, ...] | None = None, keep_dims: bool = False) -> Tensor:
    return torch.amin(x, dim=all_axes(x, axes), keepdim=keep_dims)
