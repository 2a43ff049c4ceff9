"""``randomBernoulliDynamic``: ones and zeros drawn by chance in a shape given as input.

Message ``RandomBernoulliDynamicLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_bernoulli as ops_random_bernoulli
from fieldpack.coreml.ops._size import bounded


def bind(params: Any, site: Site) -> Run:
    return lambda x: ops_random_bernoulli.run(bounded(sizes_of(x)), float(params.prob), params.seed)
