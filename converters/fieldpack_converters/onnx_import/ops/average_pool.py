"""``AveragePool``: mean of a window, with or without the padding in the count.

Covers versions 7, 10, 11, 19 and 22 of the operator.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes
from fieldpack_converters.onnx_import.windows import window_of, window_sum

VERSIONS = (7, 10, 11, 19, 22)


def run(
    x: Tensor,
    *,
    kernel_shape: tuple[int, ...],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    window = window_of(x, kernel_shape, strides, dilations, pads, auto_pad, bool(ceil_mode))
    if not any(window.before) and not any(window.after) and not window.dilated:
        pool = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[window.rank]
        return pool(x, window.kernel, window.strides)
    stated = [1.0 if count_include_pad else 0.0] * window.rank
    total = window_sum(pad_constant(x, window.ends, 0.0), window)
    ones = torch.ones(1, 1, *sizes(x)[2:], dtype=x.dtype)
    ends = window.stated_ends if count_include_pad else {}
    counted = pad_constant(ones, ends, stated[0])
    rest = {
        axis: (0, window.ends[axis][1] - ends[axis][1]) if ends else window.ends[axis] for axis in window.ends
    }
    return total / window_sum(pad_constant(counted, rest, 0.0), window)
