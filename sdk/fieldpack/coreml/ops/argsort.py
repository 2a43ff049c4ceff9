"""``argsort``: the indices that sort ``x`` along ``axis``, descending by default, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, axis: int = -1, ascending: bool = False) -> Tensor:
    return torch.sort(x, dim=axis, descending=not ascending, stable=True).indices
