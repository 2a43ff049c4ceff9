"""``space_to_depth``: blocks of pixels into channels, block-major, iOS15 operator set.

``y[n, (i * b + j) * C + c, h, w] = x[n, c, h * b + i, w * b + j]``
"""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, block_size: int) -> Tensor:
    n, c, h, w = x.shape
    cells = x.reshape(n, c, h // block_size, block_size, w // block_size, block_size)
    return cells.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // block_size, w // block_size)
