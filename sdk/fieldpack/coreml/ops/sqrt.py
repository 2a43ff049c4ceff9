"""``sqrt``: Elementwise, iOS15 operator set (float16, float32).

``y = sqrt(x)``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.sqrt(x)
