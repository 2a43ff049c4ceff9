"""``RMSNormalization``: x / sqrt(mean of squares + epsilon) * scale over the last axes from ``axis`` on.

Covers version 23 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (23,)


def run(x: Tensor, scale: Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Tensor:
    axes = list(range(axis % x.dim(), x.dim()))
    return x * torch.rsqrt((x * x).mean(axes, keepdim=True) + epsilon) * scale
