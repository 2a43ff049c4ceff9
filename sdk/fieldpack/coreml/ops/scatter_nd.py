"""``scatter_nd``: slices of ``data`` at index vectors (last axis of ``indices``) changed, iOS15 operator set.

Modes as in ``_scatter``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack.coreml.ops._scatter import scatter_rows


def run(
    data: Tensor, indices: Tensor, updates: Tensor, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    depth = indices.shape[-1]
    leading, rest = data.shape[:depth], data.shape[depth:]
    flat = torch.zeros((), dtype=torch.int64)
    for size, places in zip(leading, indices.long().unbind(-1), strict=True):
        flat = flat * size + torch.where(places < 0, places + size, places)
    rows = scatter_rows(
        data.reshape(math.prod(leading), *rest), flat.reshape(-1), updates.reshape(-1, *rest), mode
    )
    return rows.reshape(data.shape)
