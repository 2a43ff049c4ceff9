"""``sign``: Elementwise, iOS15 operator set (float16, float32, int32).

``y = -1, 0 or 1``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.sign(x)
