"""``conv``: convolution over 1 to 3 spatial axes, iOS15 operator set; iOS17 lets types differ.

``y[n, o, p] = bias[o] + sum over c, k of weight[o, c, k] * x[n, c, p * stride + k * dilation - before]``

Groups split input and output channels. Padding as in ``_window``.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.coreml.ops._window import pad_spatial, padded_shape, symmetric, window_padding

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def run(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: tuple[int, ...] | None = None,
    pad_type: str = "valid",
    pad: tuple[int, ...] | None = None,
    dilations: tuple[int, ...] | None = None,
    groups: int = 1,
) -> Tensor:
    rank = x.ndim - 2
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    kernel = tuple((k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True))
    padding = window_padding(pad_type, pad, tuple(x.shape[2:]), kernel, strides)
    bounded((x.shape[0], max(x.shape[1], weight.shape[0]), *padded_shape(x, padding)[2:]))
    if symmetric(padding):
        inner: tuple[int, ...] = tuple(before for before, _ in padding)
    else:
        x, inner = pad_spatial(x, padding), (0,) * rank
    return _CONVOLUTIONS[rank](x, weight, bias, strides, inner, dilations, groups)
