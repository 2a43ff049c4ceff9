"""``reshapeStatic``: in a fixed shape, one size may be -1; ``ReshapeStaticLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    shape = [int(size) for size in params.targetShape]
    return lambda x: x.reshape(shape)
