"""``Softplus``: log(1 + exp(x)) for every element.

Covers versions 1 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (1, 22)


def run(x: Tensor) -> Tensor:
    return F.softplus(x)
