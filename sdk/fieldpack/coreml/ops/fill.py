"""``fill``: a tensor of ``shape`` that holds ``value`` everywhere, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(shape: tuple[int, ...], value: Tensor | None = None) -> Tensor:
    if value is None:
        return torch.zeros(shape)
    return value.reshape(()).expand(shape)
