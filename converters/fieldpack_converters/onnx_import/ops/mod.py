"""``Mod``: remainder by element, broadcast.

With ``fmod`` the sign is the dividend's, without it the divisor's.

Covers versions 10, 13 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (10, 13, 28)


def run(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)
