"""``AffineGrid``: the grid of points that an affine map gives, for ``GridSample``.

Covers version 20 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (20,)


def run(theta: Tensor, size: tuple[int, ...], *, align_corners: int = 0) -> Tensor:
    return F.affine_grid(theta, list(size), bool(align_corners))
