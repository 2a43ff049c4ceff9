"""``stack``: tensors of one shape along a new ``axis``, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(values: tuple[Tensor, ...], axis: int) -> Tensor:
    return torch.stack(values, dim=axis)
