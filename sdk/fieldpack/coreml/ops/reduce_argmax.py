"""``reduce_argmax``: Reduction, iOS15 operator set (float16, float32, int32); iOS17 adds ``output_dtype``.

Index of the greatest element along ``axis``, the first one where several are equal.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return torch.argmax(x, dim=axis, keepdim=keep_dims)
