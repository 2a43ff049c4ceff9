"""``sigmoid``: Elementwise, iOS15 operator set (float16, float32).

``y = 1 / (1 + e ^ -x)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.sigmoid(x)
