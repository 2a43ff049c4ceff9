"""``sigmoid_hard``: Elementwise, iOS15 operator set (float16, float32).

``y = min(max(alpha * x + beta, 0), 1)``

iOS17 lets the type of the parameters differ from that of ``x``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.clamp(alpha * x + beta, 0.0, 1.0)
