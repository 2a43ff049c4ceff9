"""``scatter_along_axis``: ``data[.., indices[.., i, ..], ..]`` changed by ``updates[.., i, ..]``, iOS15.

Modes and bounds as in ``_scatter``; iOS17 adds ``validate_indices``.
"""

from __future__ import annotations

import torch
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
    wanted, inside = places(indices, data.shape[place], validate_indices)
    flat = torch.zeros((), dtype=torch.int64)
    for other, size in enumerate(data.shape):
        shape = [1] * data.ndim
        shape[other] = wanted.shape[other]
        flat = flat * size + (wanted if other == place else torch.arange(wanted.shape[other]).reshape(shape))
    rows = scatter_rows(data.reshape(-1), flat.reshape(-1), inside.reshape(-1), updates.reshape(-1), mode)
    return rows.reshape(data.shape)
