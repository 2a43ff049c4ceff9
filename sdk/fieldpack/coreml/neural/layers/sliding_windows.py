"""``slidingWindows``: windows along an axis, as a new axis after it; ``SlidingWindowsLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import sliding_windows as ops_sliding_windows
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    size, step = int(params.windowSize), int(params.step)
    if size < 1 or step < 1:
        raise ModelFileError("window or step is too small", came=[size, step], allowed="from 1")
    return lambda x: ops_sliding_windows.run(x, axis_of(params.axis, x.ndim), size, step)
