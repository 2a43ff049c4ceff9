"""``LpPool``: p-norm of a window.

Covers versions 2, 11, 18 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.windows import window_of, window_sum

VERSIONS = (2, 11, 18, 22)


def run(
    x: Tensor,
    *,
    kernel_shape: tuple[int, ...],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: tuple[int, ...] | None = None,
    p: int = 2,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    window = window_of(x, kernel_shape, strides, dilations, pads, auto_pad, bool(ceil_mode))
    powers = pad_constant(torch.pow(torch.abs(x), p), window.ends, 0.0)
    return torch.pow(window_sum(powers, window), 1.0 / p)
