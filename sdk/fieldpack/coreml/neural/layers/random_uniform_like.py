"""``randomUniformLike``: evenly distributed numbers in the shape of a blob.

Message ``RandomUniformLikeLayerParams``. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_uniform as ops_random_uniform


def bind(params: Any, site: Site) -> Run:
    return lambda x: ops_random_uniform.run(
        tuple(x.shape), float(params.minVal), float(params.maxVal), params.seed
    )
