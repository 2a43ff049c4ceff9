"""``resizeBilinear``: height and width resized linearly to a size; ``ResizeBilinearLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._padding import pair
from fieldpack.coreml.neural.layers._sampling import mode_of, resize
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    (height, width), mode = pair(params.targetSize, 1), mode_of(params.mode)
    return lambda x: resize(x, height, width, mode)
