"""``l2_norm``: ``x / sqrt(sum(x ^ 2) + epsilon)`` over the last three axes, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, epsilon: float = 1e-6) -> Tensor:
    return x / torch.sqrt(torch.sum(torch.square(x), dim=(-3, -2, -1), keepdim=True) + epsilon)
