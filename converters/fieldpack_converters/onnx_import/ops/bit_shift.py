"""``BitShift``: bits shifted left or right by element, broadcast.

Covers versions 11 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (11, 28)


def run(a: Tensor, b: Tensor, *, direction: str) -> Tensor:
    if direction == "LEFT":
        return torch.bitwise_left_shift(a, b)
    return torch.bitwise_right_shift(a, b)
