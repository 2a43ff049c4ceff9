"""``one_hot``: ``on_value`` at the index, ``off_value`` elsewhere, along a new ``axis``, iOS15 operator set.

An index outside ``0 .. size - 1`` gives ``off_value`` everywhere.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded


def run(
    indices: Tensor,
    one_hot_vector_size: int,
    axis: int = -1,
    on_value: float = 1.0,
    off_value: float = 0.0,
) -> Tensor:
    bounded((indices.numel(), one_hot_vector_size))
    hit = indices.unsqueeze(-1) == torch.arange(one_hot_vector_size)
    return torch.where(hit, on_value, off_value).movedim(-1, axis)
