"""``HardSigmoid``: max(0, min(1, alpha * x + beta)).

Covers versions 6 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (6, 22)


def run(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    return torch.clamp(x * alpha + beta, 0.0, 1.0)
