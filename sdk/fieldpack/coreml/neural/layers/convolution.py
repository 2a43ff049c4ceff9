"""``convolution``: convolution or deconvolution over height and width; ``ConvolutionLayerParams``.

All axes before the channel are batch. The kernel ``[C_out, C_in / groups, kH, kW]`` (deconvolution:
``[C_in, C_out / groups, kH, kW]``) is stored, or a second input. A deconvolution with ``same``
padding gives ``H * stride``, with ``outputShape`` that size; what is cut from the full result comes
off the end first for ``BOTTOM_RIGHT_HEAVY``. The specification says that a deconvolution ignores its
dilation; coremltools writes one, and its tests hold Core ML to it, so it counts.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._padding import full_sizes, pair, window_form
from fieldpack.coreml.neural.layers._shape import batched, over_channels
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import conv as ops_conv
from fieldpack.coreml.ops._size import bounded

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    groups = int(params.nGroups) or 1
    kernel, stride = pair(params.kernelSize, 3), pair(params.stride, 1)
    out, channels = int(params.outputChannels), int(params.kernelChannels)
    bias = site.weights(params.bias, [out]) if params.hasBias else None
    shape = [channels, out // groups, *kernel] if params.isDeconvolution else [out, channels, *kernel]
    weight = None
    if site.inputs == 1:
        weight = site.weights(params.weights, shape, axis=1 if params.isDeconvolution else 0)
    make = _deconvolution if params.isDeconvolution else _convolution
    call = make(params, kernel, stride, groups, bias)

    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        if given is not None:
            given = given.reshape(given.shape[-4:])
        y = call(batched(x, 4), weight if given is None else given)
        return y.reshape(*x.shape[:-3], *y.shape[-3:])

    return run


def _convolution(
    params: Any, kernel: tuple[int, ...], stride: tuple[int, ...], groups: int, bias: Any
) -> Run:
    dilation = pair(params.dilationFactor, 1)
    form, pad = window_form(params, "ConvolutionPaddingType")
    return lambda x, weight: ops_conv.run(x, weight, bias, stride, form, pad or None, dilation, groups)


def _deconvolution(
    params: Any, kernel: tuple[int, ...], stride: tuple[int, ...], groups: int, bias: Any
) -> Run:
    dilation = pair(params.dilationFactor, 1)
    target = pair(params.outputShape, 1) if params.outputShape else None
    form, pad = ("same", ()) if target else window_form(params, "ConvolutionPaddingType")

    def call(x: Tensor, weight: Tensor) -> Tensor:
        sizes = target or tuple(size * step for size, step in zip(x.shape[2:], stride, strict=True))
        bounded((x.shape[0], weight.shape[1] * groups, *full_sizes(x.shape[2:], kernel, stride, dilation)))
        y = F.conv_transpose2d(x, weight, None, stride, 0, 0, groups, dilation)
        if form == "custom":
            cuts = tuple(zip(pad[::2], pad[1::2], strict=True))
        else:
            cuts = tuple(_cut(full - size, form) for full, size in zip(y.shape[2:], sizes, strict=True))
        bounded((*y.shape[:2], *(n - a - b for n, (a, b) in zip(y.shape[2:], cuts, strict=True))))
        y = F.pad(y, [-cells for cut in reversed(cuts) for cells in cut])
        return y if bias is None else y + over_channels(bias)

    return call


def _cut(total: int, form: str) -> tuple[int, int]:
    """Cells to take off before and after; negative ones are added after."""
    if total < 0:
        return 0, total
    small = total // 2
    return (small, total - small) if form == "same" else (total - small, small)
