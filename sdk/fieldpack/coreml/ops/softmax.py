"""``softmax``: ``e ^ x / sum(e ^ x)`` along ``axis``, iOS15 operator set (float16, float32)."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, axis: int = -1) -> Tensor:
    return torch.softmax(x, dim=axis)
