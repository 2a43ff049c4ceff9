"""``batch_to_space``: moves blocks of the batch back to pixels, then crops, iOS15 operator set.

The inverse of ``space_to_batch``.
"""

from __future__ import annotations

import math

from torch import Tensor


def run(x: Tensor, block_shape: tuple[int, ...], crops: Tensor) -> Tensor:
    rank = len(block_shape)
    n, c, *sizes = x.shape
    cells = x.reshape(*block_shape, n // math.prod(block_shape), c, *sizes)
    order = [rank, rank + 1] + [axis for i in range(rank) for axis in (rank + 2 + i, i)]
    whole = [size * block for size, block in zip(sizes, block_shape, strict=True)]
    y = cells.permute(order).reshape(-1, c, *whole)
    for axis, (before, after) in enumerate(crops.tolist(), start=2):
        y = y.narrow(axis, int(before), y.shape[axis] - int(before) - int(after))
    return y
