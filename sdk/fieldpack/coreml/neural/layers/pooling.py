"""``pooling``: greatest, mean or root of the sum of squares over windows; ``PoolingLayerParams``.

``includeLastPixel`` rounds the number of windows up; the last one is dropped where it would start
outside the blob and its padding. ``globalPooling`` takes one window over height and width.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._padding import pair, window_form
from fieldpack.coreml.neural.layers._shape import batched
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import avg_pool as ops_avg_pool
from fieldpack.coreml.ops import l2_pool as ops_l2_pool
from fieldpack.coreml.ops import max_pool as ops_max_pool
from fieldpack.errors import ModelFileError

_MAX, _AVERAGE, _L2 = 0, 1, 2


def bind(params: Any, site: Site) -> Run:
    if params.type not in (_MAX, _AVERAGE, _L2):
        raise ModelFileError("unknown kind of pool", came=params.type, allowed="0 to 2")
    if params.globalPooling:
        return _global(params.type)
    kernel, stride = pair(params.kernelSize, 3), pair(params.stride, 1)
    complete = params.WhichOneof("PoolingPaddingType") == "includeLastPixel"
    if complete:
        amounts = [int(size) for size in params.includeLastPixel.paddingAmounts] or [0, 0]
        form, pad = "custom", tuple(size for size in amounts for _ in range(2))
    else:
        form, pad = window_form(params, "PoolingPaddingType")

    def run(x: Tensor) -> Tensor:
        y = batched(x, 4)
        if params.type == _MAX:
            y = ops_max_pool.run(y, kernel, form, stride, pad or None, complete)
        elif params.type == _L2:
            y = ops_l2_pool.run(y, kernel, form, stride, pad or None, complete)
        else:
            alone = bool(params.avgPoolExcludePadding)
            y = ops_avg_pool.run(y, kernel, form, stride, pad or None, alone, complete)
        return y.reshape(*x.shape[:-3], *y.shape[-3:])

    return run


def _global(kind: int) -> Run:
    if kind == _MAX:
        return lambda x: x.amax((-2, -1), keepdim=True)
    if kind == _AVERAGE:
        return lambda x: x.mean((-2, -1), keepdim=True)
    return lambda x: x.square().sum((-2, -1), keepdim=True).sqrt()
