"""``upsample_nearest_neighbor``: the last two axes by a factor, each cell repeated, iOS15 operator set."""

from __future__ import annotations

import math

from torch import Tensor

from fieldpack.coreml.ops._grid import repeat_nearest


def run(x: Tensor, scale_factor_height: float = 1.0, scale_factor_width: float = 1.0) -> Tensor:
    height = math.floor(x.shape[-2] * scale_factor_height)
    width = math.floor(x.shape[-1] * scale_factor_width)
    return repeat_nearest(repeat_nearest(x, x.ndim - 2, height), x.ndim - 1, width)
