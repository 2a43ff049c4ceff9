"""``reverse_sequence``: the first ``lengths[i]`` elements along ``seq_axis`` turned round, iOS15.

``i`` is the position along ``batch_axis``; elements behind stay in place.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, lengths: Tensor, seq_axis: int = 0, batch_axis: int = 0) -> Tensor:
    sequence, batch = seq_axis % x.ndim, batch_axis % x.ndim
    places = torch.arange(x.shape[sequence])
    ends = lengths.long()[:, None]
    source = torch.where(places < ends, ends - 1 - places, places)
    if batch > sequence:
        source = source.T
    shape = [size if axis in (sequence, batch) else 1 for axis, size in enumerate(x.shape)]
    return torch.take_along_dim(x, source.reshape(shape), dim=sequence)
