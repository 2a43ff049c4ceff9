"""``einsum``: ``nchw,nwhu->nchu`` and ``chw,whr->chr`` in any letters, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(values: tuple[Tensor, ...], equation: str) -> Tensor:
    return torch.einsum(equation, *values)
