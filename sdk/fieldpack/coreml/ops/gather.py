"""``gather``: slices of ``x`` along ``axis`` at ``indices``, iOS15 operator set; iOS16 adds ``batch_dims``.

The result has the shape ``x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1:]``;
negative indices count from the end.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(
    x: Tensor, indices: Tensor, axis: int = 0, batch_dims: int = 0, validate_indices: bool = False
) -> Tensor:
    place = axis % x.ndim
    if indices.numel() == 1 and batch_dims == 0:
        row = x.select(place, int(indices))
        return row.reshape([*x.shape[:place], *indices.shape, *x.shape[place + 1 :]])
    wanted = indices.long()
    wanted = torch.where(wanted < 0, wanted + x.shape[place], wanted)
    if batch_dims == 0:
        return _gather(x, wanted, place)
    batch = x.shape[:batch_dims]
    parts = zip(x.flatten(0, batch_dims - 1), wanted.flatten(0, batch_dims - 1), strict=True)
    stacked = torch.stack([_gather(part, where, place - batch_dims) for part, where in parts])
    return stacked.reshape(*batch, *stacked.shape[1:])


def _gather(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    flat = x.index_select(axis, indices.reshape(-1))
    return flat.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])
