"""``scatter_nd``: slices of ``data`` at index vectors (last axis of ``indices``) changed, iOS15 operator set.

Modes and bounds as in ``_scatter``; iOS17 adds ``validate_indices``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack.coreml.ops._scatter import places, scatter_rows


def run(
    data: Tensor, indices: Tensor, updates: Tensor, mode: str = "add", validate_indices: bool | None = None
) -> Tensor:
    depth = indices.shape[-1]
    leading, rest = data.shape[:depth], data.shape[depth:]
    flat, inside = torch.zeros((), dtype=torch.int64), torch.ones((), dtype=torch.bool)
    for size, wanted in zip(leading, indices.unbind(-1), strict=True):
        position, within = places(wanted, size, validate_indices)
        flat, inside = flat * size + position, inside & within
    whole, changes = data.reshape(math.prod(leading), *rest), updates.reshape(-1, *rest)
    return scatter_rows(whole, flat.reshape(-1), inside.reshape(-1), changes, mode).reshape(data.shape)
