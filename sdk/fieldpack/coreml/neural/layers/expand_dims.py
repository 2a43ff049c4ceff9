"""``expandDims``: axes of size 1 put at the listed places of the result; ``ExpandDimsLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor) -> Tensor:
        rank = x.ndim + len(params.axes)
        for axis in sorted(axis_of(axis, rank) for axis in params.axes):
            x = x.unsqueeze(axis)
        return x

    return run
