"""``concat``: tensors one after the other along ``axis``, iOS15 operator set.

``interleave`` takes one slice of each tensor in turn; numbers without axes become a list.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(values: tuple[Tensor, ...], axis: int, interleave: bool = False) -> Tensor:
    if values[0].ndim == 0:
        return torch.stack(values)
    if not interleave:
        return torch.cat(values, dim=axis)
    place = axis % values[0].ndim
    return torch.stack(values, dim=place + 1).flatten(place, place + 1)
