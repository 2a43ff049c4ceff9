"""``exp2``: Elementwise, iOS15 operator set (float16, float32, int32).

``y = 2 ^ x``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.exp2(x)
