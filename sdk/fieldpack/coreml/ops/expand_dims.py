"""``expand_dims``: axes of size 1 at the given places of the result, iOS15 operator set."""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x
