"""``silu``: Elementwise, iOS15 operator set (float16, float32).

``y = x * sigmoid(x)``
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return F.silu(x)
