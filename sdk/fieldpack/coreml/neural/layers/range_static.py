"""``rangeStatic``: numbers from start up to end by a step; ``RangeStaticLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._range import counted
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (0, 0)
WHOLE = True


def bind(params: Any, site: Site) -> Run:
    start, end, step = float(params.startValue), float(params.endValue), float(params.stepSizeValue)
    return lambda: counted(start, end, step)
