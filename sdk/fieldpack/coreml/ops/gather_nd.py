"""``gather_nd``: slices of ``x`` at index vectors (last axis of ``indices``), iOS15.

iOS16 adds ``batch_dims``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, indices: Tensor, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    places = list(indices.long().unbind(-1))
    for axis in range(batch_dims):
        shape = [1] * (indices.ndim - 1)
        shape[axis] = x.shape[axis]
        places.insert(axis, torch.arange(x.shape[axis]).reshape(shape))
    return x[tuple(places)]
