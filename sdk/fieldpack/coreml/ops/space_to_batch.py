"""``space_to_batch``: pads the spatial axes, then moves blocks of pixels into the batch, iOS15 operator set.

Rank 3 or 4; the block position is the slow part of the new batch axis.
"""

from __future__ import annotations

import math

from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.coreml.ops._window import pad_spatial


def run(x: Tensor, block_shape: tuple[int, ...], paddings: Tensor) -> Tensor:
    pairs = tuple((int(before), int(after)) for before, after in paddings.tolist())
    grown = (size + before + after for size, (before, after) in zip(x.shape[2:], pairs, strict=True))
    bounded((x.shape[0] * x.shape[1], *grown))
    x = pad_spatial(x, pairs)
    n, c, *sizes = x.shape
    split = [part for size, block in zip(sizes, block_shape, strict=True) for part in (size // block, block)]
    inner = range(3, 3 + 2 * len(sizes), 2)
    outer = range(2, 2 + 2 * len(sizes), 2)
    cells = x.reshape(n, c, *split).permute(*inner, 0, 1, *outer)
    return cells.reshape(n * math.prod(block_shape), c, *split[::2])
