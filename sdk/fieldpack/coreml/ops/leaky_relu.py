"""``leaky_relu``: Elementwise, iOS15 operator set (float16, float32).

``y = x if x >= 0 else alpha * x``

iOS17 lets the type of the parameters differ from that of ``x``.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor, alpha: float) -> Tensor:
    return F.leaky_relu(x, alpha)
