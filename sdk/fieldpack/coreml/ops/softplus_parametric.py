"""``softplus_parametric``: ``alpha[c] * ln(1 + e ^ (beta[c] * x))`` per channel (axis 1), iOS15."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    shape = (1, -1, *(1,) * (x.ndim - 2))
    scaled = beta.reshape(shape) * x
    return alpha.reshape(shape) * torch.logaddexp(scaled, torch.zeros((), dtype=x.dtype))
