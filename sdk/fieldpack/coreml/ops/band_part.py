"""``band_part``: zero outside ``lower`` sub- and ``upper`` super-diagonals, iOS15 operator set.

Of the last two axes; a negative number keeps the whole triangle.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, lower: int = -1, upper: int = -1) -> Tensor:
    offset = torch.arange(x.shape[-2]).unsqueeze(1) - torch.arange(x.shape[-1])
    keep = torch.ones_like(offset, dtype=torch.bool)
    if lower >= 0:
        keep &= offset <= lower
    if upper >= 0:
        keep &= -offset <= upper
    return torch.where(keep, x, torch.zeros((), dtype=x.dtype))
