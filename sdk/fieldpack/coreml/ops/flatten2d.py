"""``flatten2d``: axes before ``axis`` into rows, the others into columns, iOS15 operator set."""

from __future__ import annotations

import math

from torch import Tensor


def run(x: Tensor, axis: int = 1) -> Tensor:
    cut = axis if axis >= 0 else axis + x.ndim
    return x.reshape(math.prod(x.shape[:cut]), math.prod(x.shape[cut:]))
