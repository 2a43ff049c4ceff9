"""Palettised weights: indices into look-up tables, one table per block, scalars or vectors.

``lut`` has the shape ``[blocks..., palette, vector]``, ``blocks`` one count per axis of the indices.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

#: Elements that are looked up at a time: positions take eight bytes each, whatever is stored.
_PIECE = 1 << 20


def look_up(indices: Tensor, lut: Tensor, vector_axis: int | None) -> Tensor:
    """Replace each index by its entry; an entry of several numbers spreads along ``vector_axis``."""
    if lut.ndim != indices.ndim + 2:
        raise ModelFileError(
            "A palette has another rank", came=tuple(lut.shape), allowed=f"rank {indices.ndim + 2}"
        )
    for size, count in zip(indices.shape, lut.shape, strict=False):
        if count == 0 or size % count:
            raise ModelFileError(
                "Palettes do not divide the weight", came=tuple(lut.shape), allowed=str(list(indices.shape))
            )
    palette, width = lut.shape[-2:]
    bounded((indices.numel(), width))
    if indices.numel() and int(indices.max()) >= palette:
        raise ModelFileError(
            "An index leaves its palette", came=int(indices.max()), allowed=f"0 to {palette - 1}"
        )
    flat = lut.reshape(-1, width)
    entries = flat.new_empty((*indices.shape, width))
    rows = max(1, _PIECE * len(indices) // max(1, indices.numel()))
    for first in range(0, len(indices), rows):
        piece = indices[first : first + rows]
        block = _block_numbers(indices.shape, lut.shape, first, len(piece))
        entries[first : first + rows] = flat[block * palette + piece.long()]
    if width == 1:
        return entries.squeeze(-1)
    if vector_axis is None:
        raise ModelFileError("A palette of vectors names no vector_axis", allowed="an axis of the weight")
    axis = vector_axis % indices.ndim
    return entries.movedim(-1, axis + 1).flatten(axis, axis + 1)


def _block_numbers(shape: Sequence[int], blocks: Sequence[int], first: int, count: int) -> Tensor:
    """Number of the table that each of ``count`` rows from ``first`` uses, broadcasting to them."""
    number = torch.zeros((), dtype=torch.int64)
    for axis, (size, parts) in enumerate(zip(shape, blocks, strict=False)):
        places = torch.arange(first, first + count) if axis == 0 else torch.arange(size)
        along = [1] * len(shape)
        along[axis] = len(places)
        number = number * parts + (places // (size // parts)).reshape(along)
    return number
