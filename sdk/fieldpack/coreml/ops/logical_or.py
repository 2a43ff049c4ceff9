"""``logical_or``: Elementwise with broadcasting, iOS15 operator set (bool).

``z = x or y``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_or(x, y)
