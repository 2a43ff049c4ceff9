"""``depth_to_space``: channels into blocks of pixels, block-major, iOS15 operator set.

``y[n, c, h * b + i, w * b + j] = x[n, (i * b + j) * C + c, h, w]``, where ``C`` counts output channels.
"""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, block_size: int) -> Tensor:
    n, c, h, w = x.shape
    cells = x.reshape(n, block_size, block_size, c // block_size**2, h, w)
    return cells.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * block_size, w * block_size)
