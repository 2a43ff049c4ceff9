"""``slice_update``: ``x`` with ``x[begin:end:stride]`` replaced by ``update``, iOS18 operator set.

Bounds and masks as in ``slice_by_index``; strides are positive.
"""

from __future__ import annotations

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
    y[tuple(picked)] = update
    return y
