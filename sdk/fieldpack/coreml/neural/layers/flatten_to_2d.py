"""``flattenTo2D``: the axes before one together, and the rest together; ``FlattenTo2DLayerParams``."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor) -> Tensor:
        axis = params.axis if params.axis >= 0 else params.axis + x.ndim
        if not 0 <= axis <= x.ndim:
            raise ModelFileError("the axis is outside the blob", came=params.axis, allowed=f"to {x.ndim}")
        return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))

    return run
