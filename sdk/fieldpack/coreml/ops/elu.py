"""``elu``: Elementwise, iOS15 operator set (float16, float32); iOS17 lets the parameters differ in type.

``y = x if x > 0 else alpha * (e ^ x - 1)``
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor, alpha: float) -> Tensor:
    return F.elu(x, alpha)
