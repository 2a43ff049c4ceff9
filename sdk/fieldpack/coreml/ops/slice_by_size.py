"""``slice_by_size``: ``size`` elements from ``begin`` on every axis, -1 for all that follow, iOS15."""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, begin: tuple[int, ...], size: tuple[int, ...]) -> Tensor:
    for axis, (first, count) in enumerate(zip(begin, size, strict=True)):
        start = first % x.shape[axis] if first < 0 else first
        x = x.narrow(axis, start, x.shape[axis] - start if count == -1 else count)
    return x
