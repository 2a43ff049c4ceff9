"""``select``: ``a where cond else b``, with broadcasting, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond.bool(), a, b)
