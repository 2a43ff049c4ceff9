"""``sliding_windows``: windows of ``size`` elements along ``axis``, as a new axis after it, iOS15."""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, axis: int, size: int, stride: int = 1) -> Tensor:
    place = axis % x.ndim
    return x.unfold(place, size, stride).movedim(-1, place + 1)
