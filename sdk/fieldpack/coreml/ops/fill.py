"""``fill``: a tensor of ``shape`` that holds ``value`` everywhere, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded


def run(shape: tuple[int, ...], value: Tensor | None = None) -> Tensor:
    sizes = bounded(shape)
    if value is None:
        return torch.zeros(sizes)
    return value.reshape(()).expand(sizes)
