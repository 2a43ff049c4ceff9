"""``scatter``: slices of ``data`` along ``axis`` changed by ``updates`` at ``indices``, iOS15 operator set.

Modes as in ``_scatter``.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._scatter import scatter_rows


def run(
    data: Tensor,
    indices: Tensor,
    updates: Tensor,
    axis: int = 0,
    mode: str = "add",
    validate_indices: bool = False,
) -> Tensor:
    place = axis % data.ndim
    width = indices.ndim
    rows = updates.movedim(tuple(range(place, place + width)), tuple(range(width))).flatten(0, width - 1)
    moved = scatter_rows(data.movedim(place, 0), indices.reshape(-1).long(), rows, mode)
    return moved.movedim(0, place)
