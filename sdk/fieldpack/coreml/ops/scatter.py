"""``scatter``: slices of ``data`` along ``axis`` changed by ``updates`` at ``indices``, iOS15 operator set.

Modes and bounds as in ``_scatter``; iOS17 adds ``validate_indices``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._scatter import places, scatter_rows
from fieldpack.errors import ModelFileError


def run(
    data: Tensor,
    indices: Tensor,
    updates: Tensor,
    axis: int = 0,
    mode: str = "add",
    validate_indices: bool | None = None,
) -> Tensor:
    place = axis % data.ndim
    if indices.numel() == 1 and mode == "add" and validate_indices is not None:
        return _add_one(data, int(indices), updates, place, validate_indices)
    width = indices.ndim
    rows = updates.movedim(tuple(range(place, place + width)), tuple(range(width))).flatten(0, width - 1)
    wanted, inside = places(indices.reshape(-1), data.shape[place], validate_indices)
    moved = scatter_rows(data.movedim(place, 0), wanted, inside, rows, mode)
    return moved.movedim(0, place)


def _add_one(data: Tensor, row: int, updates: Tensor, axis: int, validate_indices: bool) -> Tensor:
    """The form in which a converted loop stores its step: one slice, added."""
    if not 0 <= row < data.shape[axis]:
        if validate_indices:
            raise ModelFileError(
                "An index is out of bounds", came=row, allowed=f"0 to {data.shape[axis] - 1}"
            )
        return data
    y = data.clone(memory_format=torch.contiguous_format)
    kept = y.select(axis, row)
    kept += updates.reshape(kept.shape).to(y.dtype)
    return y
