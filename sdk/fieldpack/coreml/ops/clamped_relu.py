"""``clamped_relu``: Elementwise, iOS15 operator set (float16, float32).

``y = min(beta, x) if x >= 0 else min(beta, alpha * x)``

iOS17 lets the type of the parameters differ from that of ``x``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.clamp(torch.where(x >= 0, x, alpha * x), max=beta)
