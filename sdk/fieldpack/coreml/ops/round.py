"""``round``: Elementwise, iOS15 operator set (float16, float32).

``y = x rounded to the nearest integer, halves to the even one``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.round(x)
