"""``lrn``: ``x / (k + alpha / n * sum of squares of n channels around) ^ beta``; ``LRNLayerParams``.

``k`` 0 stands for 1.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import batched
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import local_response_norm as ops_local_response_norm
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    size, k = int(params.localSize), float(params.k) or 1.0
    if size < 1:
        raise ModelFileError("the window holds no channel", came=size, allowed="from 1")

    def run(x: Tensor) -> Tensor:
        return ops_local_response_norm.run(batched(x), size, params.alpha, params.beta, k).reshape(x.shape)

    return run
