"""``bias``: a number, one a channel, a picture or all, added; ``BiasLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._stretch import stretched
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    bias = stretched(params.shape, params.bias, site)
    return lambda x: x + bias
