"""``log``: Elementwise, iOS15 operator set (float16, float32); iOS17 lets ``epsilon`` differ in type.

``y = ln(x + epsilon)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, epsilon: float = 1e-45) -> Tensor:
    return torch.log(x + epsilon)
