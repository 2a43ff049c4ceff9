"""``CumSum``: running sum along an axis, from either end, with or without the element itself.

Covers versions 11 and 14 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (11, 14)


def run(x: Tensor, axis: int, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    if reverse:
        x = torch.flip(x, (axis,))
    total = torch.cumsum(x, axis).to(x.dtype)
    if exclusive:
        total = total - x
    return torch.flip(total, (axis,)) if reverse else total
