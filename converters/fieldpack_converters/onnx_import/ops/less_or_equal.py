"""``LessOrEqual``: a <= b by element, broadcast.

Covers versions 12 and 16 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (12, 16)


def run(a: Tensor, b: Tensor) -> Tensor:
    return torch.le(a, b)
