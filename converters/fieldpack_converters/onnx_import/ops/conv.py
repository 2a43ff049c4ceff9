"""``Conv``: convolution in one, two or three dimensions, with groups, dilations and padding of any kind.

Covers versions 1, 11 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes
from fieldpack_converters.onnx_import.windows import window_of

VERSIONS = (1, 11, 22)


def run(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None,
    group: int = 1,
    kernel_shape: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    window = window_of(x, sizes(w)[2:], strides, dilations, pads, auto_pad)
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[window.rank]
    if window.symmetric:
        return convolve(x, w, b, window.strides, window.before, window.dilations, group)
    padded = pad_constant(x, window.ends, 0.0)
    return convolve(padded, w, b, window.strides, 0, window.dilations, group)
