"""``cumsum``: running sum along ``axis``, iOS15 operator set.

``exclusive`` leaves out the element itself; ``reverse`` runs from the end.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    if reverse:
        x = x.flip(axis)
    y = torch.cumsum(x, dim=axis, dtype=x.dtype)
    if exclusive:
        y = torch.cat(
            [torch.zeros_like(y.narrow(axis, 0, 1)), y.narrow(axis, 0, y.shape[axis] - 1)], dim=axis
        )
    return y.flip(axis) if reverse else y
