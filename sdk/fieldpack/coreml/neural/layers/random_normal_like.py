"""``randomNormalLike``: normally distributed numbers in the shape of a blob.

Message ``RandomNormalLikeLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_normal as ops_random_normal


def bind(params: Any, site: Site) -> Run:
    return lambda x: ops_random_normal.run(
        tuple(x.shape), float(params.mean), float(params.stdDev), params.seed
    )
