"""``Gelu``: x * Phi(x), exactly or by tanh.

Covers version 20 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (20,)


def run(x: Tensor, *, approximate: str = "none") -> Tensor:
    return F.gelu(x, approximate=approximate)
