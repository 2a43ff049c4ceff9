"""``ConstantOfShape``: a tensor of one value.

Covers versions 9, 20, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 20, 21, 23, 24, 25)


def run(shape: tuple[int, ...], *, value: Tensor | None = None) -> Tensor:
    return torch.zeros(shape) if value is None else torch.full(shape, value.item(), dtype=value.dtype)
