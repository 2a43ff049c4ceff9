"""``reverse``: the order of elements turned round on ``axes``, on all where none are given, iOS15."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._axes import all_axes


def run(x: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    return x.flip(all_axes(x, axes))
