"""``sliceBySize``: a number of elements along an axis, from a place given as input.

Message ``SliceBySizeLayerParams``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of, place_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, begin: Tensor) -> Tensor:
        axis = axis_of(params.axis, x.ndim)
        return x.narrow(axis, int(place_of(begin.reshape(-1)[:1], x.shape[axis])), int(params.size))

    return run
