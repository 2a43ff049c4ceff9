"""``scatter``: slices of ``data`` along ``axis`` changed by ``updates`` at ``indices``, iOS15 operator set.

Modes and bounds as in ``_scatter``; iOS17 adds ``validate_indices``.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._scatter import places, scatter_rows


def run(
    data: Tensor,
    indices: Tensor,
    updates: Tensor,
    axis: int = 0,
    mode: str = "add",
    validate_indices: bool | None = None,
) -> Tensor:
    place = axis % data.ndim
    width = indices.ndim
    rows = updates.movedim(tuple(range(place, place + width)), tuple(range(width))).flatten(0, width - 1)
    wanted, inside = places(indices.reshape(-1), data.shape[place], validate_indices)
    moved = scatter_rows(data.movedim(place, 0), wanted, inside, rows, mode)
    return moved.movedim(0, place)
