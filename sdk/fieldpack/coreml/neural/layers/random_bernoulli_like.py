"""``randomBernoulliLike``: ones and zeros drawn by chance in the shape of a blob.

Message ``RandomBernoulliLikeLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_bernoulli as ops_random_bernoulli


def bind(params: Any, site: Site) -> Run:
    return lambda x: ops_random_bernoulli.run(tuple(x.shape), float(params.prob), params.seed)
