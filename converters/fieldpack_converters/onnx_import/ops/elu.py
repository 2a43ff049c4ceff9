"""``Elu``: x where it is positive, else alpha * (exp(x) - 1).

Covers versions 6 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (6, 22)


def run(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return F.elu(x, alpha)
