"""``clip``: held within two bounds; ``ClipLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    low, high = float(params.minVal), float(params.maxVal)
    return lambda x: x.clamp(low, high)
