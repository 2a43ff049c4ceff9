"""``range_1d``: ``start, start + step, ...`` below ``end``, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(end: Tensor, start: Tensor, step: Tensor) -> Tensor:
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)
