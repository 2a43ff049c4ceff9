"""``slice_by_index``: ``x[begin:end:stride]`` on every axis, iOS15 operator set.

Negative bounds count from the end; ``begin_mask`` and ``end_mask`` drop a bound; ``squeeze_mask``
takes the single element at ``begin`` and drops the axis; strides may be negative.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(
    x: Tensor,
    begin: tuple[int, ...],
    end: tuple[int, ...],
    stride: tuple[int, ...] | None = None,
    begin_mask: tuple[bool, ...] | None = None,
    end_mask: tuple[bool, ...] | None = None,
    squeeze_mask: tuple[bool, ...] | None = None,
) -> Tensor:
    rank = x.ndim
    steps = stride or (1,) * rank
    no_begin, no_end, single = (mask or (False,) * rank for mask in (begin_mask, end_mask, squeeze_mask))
    picked: list[slice | int] = []
    for axis in range(rank):
        if single[axis]:
            picked.append(begin[axis])
            continue
        first = None if no_begin[axis] else begin[axis]
        last = None if no_end[axis] else end[axis]
        if steps[axis] > 0:
            picked.append(slice(first, last, steps[axis]))
            continue
        places = range(*slice(first, last, steps[axis]).indices(x.shape[axis]))
        x = x.index_select(axis, torch.tensor(list(places), dtype=torch.int64))
        picked.append(slice(None))
    return x[tuple(picked)]
