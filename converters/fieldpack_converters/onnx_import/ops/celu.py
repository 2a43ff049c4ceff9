"""``Celu``: max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).

Covers versions 12 and 28 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (12, 28)


def run(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return F.celu(x, alpha)
