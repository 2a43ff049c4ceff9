"""``pooling3d``: greatest or mean over windows of depth, height and width; ``Pooling3DLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._depth import around, flattened, triple
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import avg_pool as ops_avg_pool
from fieldpack.coreml.ops import max_pool as ops_max_pool


def bind(params: Any, site: Site) -> Run:
    kernel, stride = triple(params, "kernel"), triple(params, "stride")
    average, alone = params.type == 1, bool(params.countExcludePadding)

    def run(x: Tensor) -> Tensor:
        y = flattened(x)
        pad = tuple(n for edge in around(params, tuple(y.shape[2:]), kernel, stride) for n in edge)
        if average:
            y = ops_avg_pool.run(y, kernel, "custom", stride, pad, alone)
        else:
            y = ops_max_pool.run(y, kernel, "custom", stride, pad)
        return y.reshape(*x.shape[:-4], *y.shape[-4:])

    return run
