"""``LpNormalization``: divided by the 1-norm or 2-norm along an axis; zero stays zero.

Covers versions 1 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (1, 22)


def run(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    size = torch.abs(x) if p == 1 else x * x
    total = size.sum(axis, keepdim=True)
    norm = total if p == 1 else torch.sqrt(total)
    return torch.where(
        norm == 0, torch.zeros_like(x), x / torch.where(norm == 0, torch.ones_like(norm), norm)
    )
