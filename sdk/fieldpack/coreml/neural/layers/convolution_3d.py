"""``convolution3d``: convolution or deconvolution over depth, height and width.

Message ``Convolution3DLayerParams``.
The kernel is ``[C_out, C_in / groups, D, H, W]``, of a deconvolution ``[C_in, C_out / groups, ...]``.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._depth import around, flattened, triple
from fieldpack.coreml.neural.layers._padding import full_sizes
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded
from fieldpack.coreml.ops._window import pad_spatial


def bind(params: Any, site: Site) -> Run:
    groups, kernel = int(params.nGroups) or 1, triple(params, "kernel")
    out, channels = int(params.outputChannels), int(params.inputChannels)
    shape = [channels, out // groups] if params.isDeconvolution else [out, channels // groups]
    weight = site.weights(params.weights, [*shape, *kernel], axis=1 if params.isDeconvolution else 0)
    bias = site.weights(params.bias, [out]) if params.hasBias else None
    stride, dilation = triple(params, "stride"), triple(params, "dilation")
    wide = tuple((size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True))

    def forward(y: Tensor) -> Tensor:
        padding = around(params, tuple(y.shape[2:]), wide, stride)
        return F.conv3d(pad_spatial(y, padding), weight, bias, stride, 0, dilation, groups)

    def backward(y: Tensor) -> Tensor:
        sizes = tuple(y.shape[2:])
        bounded((y.shape[0], out, *full_sizes(sizes, kernel, stride, dilation)))
        y = F.conv_transpose3d(y, weight, bias, stride, 0, 0, groups, dilation)
        cuts = _cuts(params, sizes, tuple(y.shape[2:]), stride)
        return F.pad(y, [-cells for cut in reversed(cuts) for cells in cut])

    def run(x: Tensor) -> Tensor:
        y = (backward if params.isDeconvolution else forward)(flattened(x))
        return y.reshape(*x.shape[:-4], *y.shape[-4:])

    return run


def _cuts(
    params: Any, sizes: tuple[int, ...], full: tuple[int, ...], stride: tuple[int, ...]
) -> list[tuple[int, int]]:
    """Cells to take off before and after each axis of a full deconvolution."""
    given = list(around(params, sizes, (1, 1, 1), (1, 1, 1)))
    target = [int(size) for size in params.outputShape]
    if not target and params.paddingType != 2:
        return given
    wanted = target or [size * step for size, step in zip(sizes, stride, strict=True)]
    total = [have - want for have, want in zip(full, wanted, strict=True)]
    if params.paddingType == 0:
        return [(before, rest - before) for (before, _), rest in zip(given, total, strict=True)]
    return [(max(rest, 0) // 2, rest - max(rest, 0) // 2) for rest in total]
