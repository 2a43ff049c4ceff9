"""``atanh``: Elementwise, iOS15 operator set (float16, float32).

``y = artanh(x)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.atanh(x)
