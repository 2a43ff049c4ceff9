"""``LeakyRelu``: x where it is positive, else alpha * x.

Covers versions 6 and 16 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (6, 16)


def run(x: Tensor, *, alpha: float = 0.01) -> Tensor:
    return F.leaky_relu(x, alpha)
