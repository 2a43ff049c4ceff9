"""``scaled_tanh``: Elementwise, iOS15 operator set (float16, float32).

``y = alpha * tanh(beta * x)``

iOS17 lets the type of the parameters differ from that of ``x``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * torch.tanh(beta * x)
