"""``relu6``: Elementwise, iOS15 operator set (float16, float32).

``y = min(max(x, 0), 6)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.clamp(x, 0.0, 6.0)
