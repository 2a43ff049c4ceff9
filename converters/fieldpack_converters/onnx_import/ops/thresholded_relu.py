"""``ThresholdedRelu``: x where it is larger than alpha, else 0.

Covers versions 10 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (10, 22)


def run(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return torch.where(x > alpha, x, torch.zeros_like(x))
