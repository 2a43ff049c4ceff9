"""``logical_not``: Elementwise, iOS15 operator set (bool).

``y = not x``
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.logical_not(x)
