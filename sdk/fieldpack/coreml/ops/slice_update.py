"""``slice_update``: ``x`` with ``x[begin:end:stride]`` replaced by ``update``, iOS18 operator set.

Bounds, masks and strides as in ``slice_by_index``.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(
    x: Tensor,
    update: Tensor,
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
        first = None if no_begin[axis] else begin[axis]
        last = None if no_end[axis] else end[axis]
        picked.append(begin[axis] if single[axis] else slice(first, last, steps[axis]))
    y = x.clone()
    if all(step > 0 for step in steps):
        y[tuple(picked)] = update
        return y
    places = [_places(which, x.shape[axis]) for axis, which in enumerate(picked)]
    grid = torch.meshgrid(*places, indexing="ij")
    y[grid] = update.reshape([len(found) for found in places])
    return y


def _places(which: slice | int, size: int) -> Tensor:
    """Positions on one axis, in the order in which the update holds them."""
    if isinstance(which, int):
        return torch.tensor([which], dtype=torch.int64)
    return torch.tensor(list(range(*which.indices(size))), dtype=torch.int64)
