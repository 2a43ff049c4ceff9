"""``loadConstant``: stored numbers ``[1, 1, C, H, W]``; ``LoadConstantLayerParams``."""

from __future__ import annotations

import math
from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

INPUTS = (0, 0)
_RANK = 3


def bind(params: Any, site: Site) -> Run:
    shape = [int(size) for size in params.shape]
    if len(shape) != _RANK:
        raise ModelFileError("a constant has another rank", came=shape, allowed="[C, H, W]")
    data = site.weights(params.data, [math.prod(shape)]).reshape(1, 1, *shape)
    return lambda: data
