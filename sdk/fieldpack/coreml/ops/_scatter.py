"""Changing rows of a tensor: the modes that the MIL scatter operators share.

``update`` replaces (the last of equal indices wins); ``add``, ``sub``, ``mul``, ``div``, ``max`` and
``min`` combine with what is there, once for every index.

Up to iOS16 a negative index counts from the end. From iOS17 it is out of bounds, and
``validate_indices`` says what that means: an error, or (where Core ML promises no more than memory
safety) an update that changes nothing.
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


def places(indices: Tensor, size: int, validate_indices: bool | None) -> tuple[Tensor, Tensor]:
    """Positions on an axis of ``size``, and which of them are inside.

    Parameters
    ----------
    indices : Tensor
        As the program has them.
    size : int
        Of the axis.
    validate_indices : bool or None
        The input of that name; None in operator sets before iOS17, which lack it.

    Raises
    ------
    ModelFileError
        An index is out of bounds, and that is checked.
    """
    rows = indices.long()
    if validate_indices is None:
        rows = torch.where(rows < 0, rows + size, rows)
    inside = (rows >= 0) & (rows < size)
    if validate_indices is not False and not bool(inside.all()):
        raise ModelFileError(
            "An index is out of bounds",
            came=int(indices[~inside][0]),
            allowed=f"{-size if validate_indices is None else 0} to {size - 1}",
        )
    return rows, inside


def scatter_rows(data: Tensor, rows: Tensor, inside: Tensor, updates: Tensor, mode: str) -> Tensor:
    """``data[rows[i]]`` combined with ``updates[i]`` wherever ``inside[i]``."""
    if mode not in MODES:
        raise ModelFileError("Unknown mode of scatter", came=mode, allowed=", ".join(MODES))
    if not bool(inside.all()):
        rows, updates = rows[inside], updates[inside]
    y = data.clone(memory_format=torch.contiguous_format)
    if mode in ("add", "sub"):
        return y.index_add_(0, rows, updates.to(y.dtype), alpha=1 if mode == "add" else -1)
    for row, update in zip(rows.tolist(), updates, strict=True):
        y[row] = _COMBINE[mode](y[row], update)
    return y
