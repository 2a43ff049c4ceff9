"""Changing rows of a tensor: the modes that the MIL scatter operators share.

``update`` replaces (the last of equal indices wins); ``add``, ``sub``, ``mul``, ``div``, ``max`` and
``min`` combine with what is there, once for every index.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError

_REDUCTIONS = {"mul": "prod", "div": "prod", "max": "amax", "min": "amin"}
MODES = ("update", "add", "sub", *_REDUCTIONS)


def scatter_rows(data: Tensor, rows: Tensor, updates: Tensor, mode: str) -> Tensor:
    """``data[rows[i]]`` combined with ``updates[i]``; negative rows count from the end."""
    if mode not in MODES:
        raise ModelFileError("Unknown mode of scatter", came=mode, allowed=", ".join(MODES))
    rows = torch.where(rows < 0, rows + data.shape[0], rows)
    y = data.clone(memory_format=torch.contiguous_format)
    if mode == "update":
        for row, update in zip(rows.tolist(), updates, strict=True):
            y[row] = update
        return y
    if mode in ("add", "sub"):
        return y.index_add_(0, rows, updates.to(y.dtype), alpha=1 if mode == "add" else -1)
    if mode == "div":
        updates = 1.0 / updates
    return y.index_reduce_(0, rows, updates.to(y.dtype), _REDUCTIONS[mode])
