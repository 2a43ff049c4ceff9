"""``instance_norm``: each channel of each picture to mean 0 and variance 1, iOS15 operator set.

``y = gamma * (x - mean) / sqrt(variance + epsilon) + beta``, moments over the spatial axes, variance
with divisor ``n``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5) -> Tensor:
    axes = tuple(range(2, x.ndim))
    variance, mean = torch.var_mean(x, dim=axes, correction=0, keepdim=True)
    y = (x - mean) * torch.rsqrt(variance + epsilon)
    shape = (1, -1, *(1,) * len(axes))
    if gamma is not None:
        y = y * gamma.reshape(shape)
    return y if beta is None else y + beta.reshape(shape)
