"""``Selu``: gamma * x where it is positive, else gamma * alpha * (exp(x) - 1).

Covers versions 6 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (6, 22)


def run(
    x: Tensor, *, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813232421875
) -> Tensor:
    return gamma * F.elu(x, alpha)
