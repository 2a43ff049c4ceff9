"""``sliding_windows``: windows of ``size`` elements along ``axis``, as a new axis after it, iOS15."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._size import bounded


def run(x: Tensor, axis: int, size: int, stride: int = 1) -> Tensor:
    place = axis % x.ndim
    count = max(0, (x.shape[place] - size) // stride + 1)
    bounded((x.numel() // max(1, x.shape[place]), count, size))
    return x.unfold(place, size, stride).movedim(-1, place + 1)
