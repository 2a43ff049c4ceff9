"""``loadConstantND``: stored numbers of any rank; ``LoadConstantNDLayerParams``."""

from __future__ import annotations

import math
from typing import Any

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (0, 0)


def bind(params: Any, site: Site) -> Run:
    shape = [int(size) for size in params.shape]
    data = site.weights(params.data, [math.prod(shape)]).reshape(shape)
    return lambda: data
