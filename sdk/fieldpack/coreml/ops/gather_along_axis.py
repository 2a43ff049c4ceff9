"""``gather_along_axis``: ``y[.., i, ..] = x[.., indices[.., i, ..], ..]`` along ``axis``, iOS15."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    wanted = indices.long()
    return torch.gather(x, axis, torch.where(wanted < 0, wanted + x.shape[axis], wanted))
