"""``splitND``: parts along an axis, of listed sizes or of equal ones; ``SplitNDLayerParams``.

Where equal parts do not fit, the first ones are one longer.
"""

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
        if not 1 <= count <= max(1, x.shape[axis]):
            raise ModelFileError("the axis does not divide", came=count, allowed=f"1 to {x.shape[axis]}")
        return tuple(x.tensor_split(count, axis))

    return run
