"""``mod``: Elementwise with broadcasting, iOS15 operator set (float16, float32, int32).

``z = x - floor(x / y) * y``

The result has the sign of ``y``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, y: Tensor) -> Tensor:
    return torch.remainder(x, y)
