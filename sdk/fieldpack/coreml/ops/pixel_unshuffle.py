"""``pixel_unshuffle``: blocks of pixels into channels, channel-major, iOS16 operator set."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor, downscale_factor: int) -> Tensor:
    return F.pixel_unshuffle(x, downscale_factor)
