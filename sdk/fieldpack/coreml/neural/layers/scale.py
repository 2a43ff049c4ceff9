"""``scale``: ``scale * x + bias``, each a number, one a channel, a picture or all; ``ScaleLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._stretch import stretched
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    scale = stretched(params.shapeScale, params.scale, site)
    if not params.hasBias:
        return lambda x: x * scale
    bias = stretched(params.shapeBias, params.bias, site)
    return lambda x: x * scale + bias
