"""``rangeDynamic``: numbers from start up to end by a step, given as inputs; ``RangeDynamicLayerParams``.

Inputs are end, start and step; those that are missing are parameters.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._range import counted
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 3)
WHOLE = True


def bind(params: Any, site: Site) -> Run:
    def run(end: Tensor, start: Tensor | None = None, step: Tensor | None = None) -> Tensor:
        first = params.startValue if start is None else float(start)
        width = params.stepSizeValue if step is None else float(step)
        return counted(first, float(end), width)

    return run
