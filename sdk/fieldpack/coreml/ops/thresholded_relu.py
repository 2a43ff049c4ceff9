"""``thresholded_relu``: Elementwise, iOS15 operator set (float16, float32).

``y = x if x >= alpha else 0``

iOS17 lets the type of the parameters differ from that of ``x``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: float) -> Tensor:
    return torch.where(x >= alpha, x, torch.zeros((), dtype=x.dtype))
