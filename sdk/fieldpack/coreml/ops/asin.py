"""``asin``: Elementwise, iOS15 operator set (float16, float32).

``y = arcsin(x)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.asin(x)
