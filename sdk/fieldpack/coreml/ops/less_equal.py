"""``less_equal``: Elementwise with broadcasting, iOS15 operator set (float16, float32, int32).

``z = x <= y``

The result is bool.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, y: Tensor) -> Tensor:
    return torch.le(x, y)
