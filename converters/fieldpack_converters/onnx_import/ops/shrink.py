"""``Shrink``: x moved towards zero by ``bias`` where abs(x) is larger than ``lambd``, else 0.

Covers version 9 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9,)


def run(x: Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> Tensor:
    moved = torch.where(x < -lambd, x + bias, x - bias)
    return torch.where(torch.abs(x) > lambd, moved, torch.zeros_like(x)).to(x.dtype)
