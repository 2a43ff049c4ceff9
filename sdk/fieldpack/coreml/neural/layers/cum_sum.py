"""``cumSum``: running sum along an axis, a parameter or a second input; ``CumSumLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of, sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import cumsum as ops_cumsum

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        axis = axis_of(params.axis if given is None else sizes_of(given)[0], x.ndim)
        return ops_cumsum.run(x, axis, bool(params.excludeFinalSum), bool(params.reverse))

    return run
