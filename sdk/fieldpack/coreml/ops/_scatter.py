"""Changing rows of a tensor: the modes that the MIL scatter operators share.

``update`` replaces (the last of equal indices wins); ``add``, ``sub``, ``mul``, ``div``, ``max`` and
``min`` combine with what is there, once for every index.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError

_COMBINE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "update": lambda old, new: new,
    "mul": torch.mul,
    "div": torch.div,
    "max": torch.maximum,
    "min": torch.minimum,
}
MODES = ("add", "sub", *_COMBINE)


def scatter_rows(data: Tensor, rows: Tensor, updates: Tensor, mode: str) -> Tensor:
    """``data[rows[i]]`` combined with ``updates[i]``; negative rows count from the end."""
    if mode not in MODES:
        raise ModelFileError("Unknown mode of scatter", came=mode, allowed=", ".join(MODES))
    rows = torch.where(rows < 0, rows + data.shape[0], rows)
    y = data.clone(memory_format=torch.contiguous_format)
    if mode in ("add", "sub"):
        return y.index_add_(0, rows, updates.to(y.dtype), alpha=1 if mode == "add" else -1)
    for row, update in zip(rows.tolist(), updates, strict=True):
        y[row] = _COMBINE[mode](y[row], update)
    return y
