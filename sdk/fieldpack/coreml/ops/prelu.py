"""``prelu``: ``x if x > 0 else alpha[c] * x`` with one slope per channel (axis 1), iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: Tensor) -> Tensor:
    slope = alpha.reshape(1, -1, *(1,) * (x.ndim - 2))
    return torch.where(x > 0, x, slope * x)
