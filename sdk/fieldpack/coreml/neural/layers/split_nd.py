"""``splitND``: parts along an axis, of equal or of listed sizes; ``SplitNDLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

OUTPUTS = (1, None)


def bind(params: Any, site: Site) -> Run:
    sizes, count = [int(size) for size in params.splitSizes], int(params.numSplits)

    def run(x: Tensor) -> tuple[Tensor, ...]:
        axis = axis_of(params.axis, x.ndim)
        if sizes:
            return tuple(x.split(sizes, axis))
        if count < 1 or x.shape[axis] % count:
            raise ModelFileError("the axis does not divide", came=count, allowed=f"a part of {x.shape[axis]}")
        return tuple(x.split(x.shape[axis] // count, axis))

    return run
