"""``GlobalLpPool``: p-norm of each channel.

Covers versions 2 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (2, 22)


def run(x: Tensor, *, p: int = 2) -> Tensor:
    total = torch.pow(torch.abs(x), p).sum(tuple(range(2, x.dim())), keepdim=True)
    return torch.pow(total, 1.0 / p)
