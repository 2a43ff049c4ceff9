"""``Mish``: x * tanh(softplus(x)).

Covers versions 18 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (18, 22)


def run(x: Tensor) -> Tensor:
    return F.mish(x)
