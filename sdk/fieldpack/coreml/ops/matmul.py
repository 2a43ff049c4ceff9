"""``matmul``: batched matrix product with broadcasting, iOS15 operator set; iOS17 lets types differ.

``transpose_x`` and ``transpose_y`` swap the last two axes first; they do nothing to a vector.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, y: Tensor, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
    if transpose_x and x.ndim > 1:
        x = x.transpose(-1, -2)
    if transpose_y and y.ndim > 1:
        y = y.transpose(-1, -2)
    if x.is_floating_point() != y.is_floating_point():
        x, y = x.float(), y.float()
    return torch.matmul(x, y)
