"""``resize_nearest_neighbor``: the last two axes to a size, each cell repeated, iOS15 operator set."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._grid import repeat_nearest


def run(x: Tensor, target_size_height: int, target_size_width: int) -> Tensor:
    return repeat_nearest(repeat_nearest(x, x.ndim - 2, target_size_height), x.ndim - 1, target_size_width)
