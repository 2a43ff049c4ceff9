"""``slice``: every ``stride``-th element from ``startIndex`` up to ``endIndex``; ``SliceLayerParams``.

Negative places count from the end.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

_AXES = (-3, -2, -1)


def bind(params: Any, site: Site) -> Run:
    step = int(params.stride) or 1
    if not 0 <= params.axis < len(_AXES):
        raise ModelFileError("unknown axis", came=params.axis, allowed="0 to 2")

    def run(x: Tensor) -> Tensor:
        axis = axis_of(_AXES[params.axis], x.ndim)
        picked: list[slice] = [slice(None)] * x.ndim
        picked[axis] = slice(params.startIndex, params.endIndex, step)
        return x[tuple(picked)]

    return run
