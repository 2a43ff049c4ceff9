"""``randomBernoulliStatic``: ones and zeros drawn by chance in a fixed shape.

Message ``RandomBernoulliStaticLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_bernoulli as ops_random_bernoulli
from fieldpack.coreml.ops._size import bounded

INPUTS = (0, 0)


def bind(params: Any, site: Site) -> Run:
    shape = bounded(params.outputShape)
    return lambda: ops_random_bernoulli.run(shape, float(params.prob), params.seed)
