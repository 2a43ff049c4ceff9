"""``randomUniformStatic``: evenly distributed numbers in a fixed shape.

Message ``RandomUniformStaticLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_uniform as ops_random_uniform
from fieldpack.coreml.ops._size import bounded

INPUTS = (0, 0)


def bind(params: Any, site: Site) -> Run:
    shape = bounded(params.outputShape)
    return lambda: ops_random_uniform.run(shape, float(params.minVal), float(params.maxVal), params.seed)
