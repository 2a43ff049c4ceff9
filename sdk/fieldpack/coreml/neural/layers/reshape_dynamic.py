"""``reshapeDynamic``: in a shape given as input, one size may be -1; ``ReshapeDynamicLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    return lambda x, shape: x.reshape(sizes_of(shape))
