"""``erf``: Elementwise, iOS15 operator set (float16, float32).

``y = 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.erf(x)
