"""``pooling``: greatest, mean or root of the sum of squares over windows; ``PoolingLayerParams``.

``includeLastPixel`` rounds the number of windows up; the last one is dropped where it would start
outside the blob and its padding. ``globalPooling`` takes one window over height and width.
"""

from __future__ import annotations

from typing import Any

import torch
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
    form, pad = ("custom", ()) if complete else window_form(params, "PoolingPaddingType")
    amounts = pair([n + 1 for n in params.includeLastPixel.paddingAmounts], 1)
    alone = bool(params.avgPoolExcludePadding)

    def run(x: Tensor) -> Tensor:
        y = batched(x, 4)
        more = _reached(y.shape[2:], kernel, stride, amounts) if complete else pad
        if params.type == _MAX:
            y = ops_max_pool.run(y, kernel, form, stride, more or None)
        elif params.type == _L2:
            y = ops_l2_pool.run(y, kernel, form, stride, more or None)
        else:
            y = ops_avg_pool.run(y, kernel, form, stride, more or None, alone)
        if complete and params.type == _AVERAGE and not alone:
            y = y / _share(x.shape[-2:], y.shape[2:], kernel, stride, amounts)
        return y.reshape(*x.shape[:-3], *y.shape[-3:])

    return run


def _reached(sizes: Any, kernel: Any, stride: Any, amounts: Any) -> tuple[int, ...]:
    """Padding before and after each axis that makes the last window complete; may be negative after."""
    found: list[int] = []
    for size, width, step, amount in zip(sizes, kernel, stride, amounts, strict=True):
        before = amount - 1
        count = -(-(size + 2 * before - width) // step) + 1
        if (count - 1) * step >= size + before:
            count -= 1
        found += [before, (count - 1) * step + width - size - before]
    return tuple(found)


def _share(sizes: Any, counts: Any, kernel: Any, stride: Any, amounts: Any) -> Tensor:
    """Part of every window that lies on the blob and its declared padding."""
    parts = []
    for size, count, width, step, amount in zip(sizes, counts, kernel, stride, amounts, strict=True):
        starts = torch.arange(count) * step
        parts.append(((starts + width).clamp(max=size + 2 * (amount - 1)) - starts) / width)
    return parts[0][:, None] * parts[1][None, :]


def _global(kind: int) -> Run:
    if kind == _MAX:
        return lambda x: x.amax((-2, -1), keepdim=True)
    if kind == _AVERAGE:
        return lambda x: x.mean((-2, -1), keepdim=True)
    return lambda x: x.square().sum((-2, -1), keepdim=True).sqrt()
