"""Palettised weights: indices into look-up tables, one table per block, scalars or vectors.

``lut`` has the shape ``[blocks..., palette, vector]``, ``blocks`` one count per axis of the indices.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError


def look_up(indices: Tensor, lut: Tensor, vector_axis: int | None) -> Tensor:
    """Replace each index by its entry; an entry of several numbers spreads along ``vector_axis``."""
    if lut.ndim != indices.ndim + 2:
        raise ModelFileError(
            "A palette has another rank", came=tuple(lut.shape), allowed=f"rank {indices.ndim + 2}"
        )
    block = torch.zeros((), dtype=torch.int64)
    for axis, (size, count) in enumerate(zip(indices.shape, lut.shape, strict=False)):
        if count == 0 or size % count:
            raise ModelFileError(
                "Palettes do not divide the weight", came=tuple(lut.shape), allowed=str(list(indices.shape))
            )
        shape = [1] * indices.ndim
        shape[axis] = size
        block = block * count + (torch.arange(size) // (size // count)).reshape(shape)
    palette, width = lut.shape[-2:]
    bounded((indices.numel(), width))
    flat = lut.reshape(-1, width)
    entries = flat[block * palette + indices.long()]
    if width == 1:
        return entries.squeeze(-1)
    if vector_axis is None:
        raise ModelFileError("A palette of vectors names no vector_axis", allowed="an axis of the weight")
    axis = vector_axis % indices.ndim
    return entries.movedim(-1, axis + 1).flatten(axis, axis + 1)
