"""``layer_norm``: ``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` over ``axes``, iOS15 operator set.

Variance with divisor ``n``; all axes where none are given; ``gamma`` and ``beta`` have the shape of ``axes``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._axes import all_axes


def run(
    x: Tensor,
    axes: tuple[int, ...] | None = None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    over = sorted(all_axes(x, axes))
    if over == list(range(x.ndim - len(over), x.ndim)):
        return F.layer_norm(x, x.shape[over[0] :], gamma, beta, epsilon)
    variance, mean = torch.var_mean(x, dim=over, correction=0, keepdim=True)
    y = (x - mean) * torch.rsqrt(variance + epsilon)
    shape = [size if axis in over else 1 for axis, size in enumerate(x.shape)]
    if gamma is not None:
        y = y * gamma.reshape(shape)
    return y if beta is None else y + beta.reshape(shape)
