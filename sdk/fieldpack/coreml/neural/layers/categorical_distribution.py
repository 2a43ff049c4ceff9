"""``categoricalDistribution``: classes drawn by their weight; ``CategoricalDistributionLayerParams``.

``eps`` 0 stands for 1e-10, ``temperature`` 0 for 1. Numbers as in ``ops._random``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import random_categorical as ops_random_categorical
from fieldpack.coreml.ops._size import bounded

WHOLE = True
_EPSILON = 1e-10


def bind(params: Any, site: Site) -> Run:
    epsilon, temperature = float(params.eps) or _EPSILON, float(params.temperature) or 1.0

    def run(x: Tensor) -> Tensor:
        bounded((*x.shape[:-1], params.numSamples))
        logits = x if params.isLogits else torch.log(x + epsilon)
        return ops_random_categorical.run(logits / temperature, "logits", int(params.numSamples), params.seed)

    return run
