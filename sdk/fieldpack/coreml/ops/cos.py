"""``cos``: Elementwise, iOS15 operator set (float16, float32).

``y = cos(x)``

The argument is in radians.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.cos(x)
