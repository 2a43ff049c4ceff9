"""``GridSample``: values at the points of a grid of -1..1, by nearest, linear or cubic sampling.

Covers versions 16, 20 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (16, 20, 22)


def run(
    x: Tensor,
    grid: Tensor,
    *,
    align_corners: int = 0,
    mode: str = "linear",
    padding_mode: str = "zeros",
) -> Tensor:
    words = {"linear": "bilinear", "cubic": "bicubic"}
    return F.grid_sample(x, grid, words.get(mode, mode), padding_mode, bool(align_corners))
