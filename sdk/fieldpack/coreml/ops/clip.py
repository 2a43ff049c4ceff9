"""``clip``: Elementwise, iOS15 operator set (float16, float32); iOS17 lets the parameters differ in type.

``y = min(max(x, alpha), beta)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.clamp(x, alpha, beta)
