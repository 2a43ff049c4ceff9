"""``Swish``: x * sigmoid(alpha * x).

Covers version 24 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (24,)


def run(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return x * torch.sigmoid(x * alpha)
