"""``tile``: repeated along every axis, as often as the parameters or a second input say.

Message ``TileLayerParams``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    fixed = tuple(int(count) for count in params.reps)

    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        counts = fixed if given is None else sizes_of(given)
        if len(counts) < x.ndim:
            counts = (*(1,) * (x.ndim - len(counts)), *counts)
        sizes = (*(1,) * (len(counts) - x.ndim), *x.shape)
        bounded(size * count for size, count in zip(sizes, counts, strict=True))
        return x.repeat(counts)

    return run
