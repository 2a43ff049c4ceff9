"""``randomNormalStatic``: normally distributed numbers in a fixed shape.

Message ``RandomNormalStaticLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_normal as ops_random_normal
from fieldpack.coreml.ops._size import bounded

INPUTS = (0, 0)


def bind(params: Any, site: Site) -> Run:
    shape = bounded(params.outputShape)
    return lambda: ops_random_normal.run(shape, float(params.mean), float(params.stdDev), params.seed)
