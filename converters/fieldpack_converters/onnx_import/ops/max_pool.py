"""``MaxPool``: largest value of a window; and where it was, as an index into the whole tensor.

Covers versions 8, 10, 11, 12 and 22 of the operator.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes
from fieldpack_converters.onnx_import.windows import window_of

VERSIONS = (8, 10, 11, 12, 22)


def run(
    x: Tensor,
    *,
    outputs: int,
    kernel_shape: tuple[int, ...],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    storage_order: int = 0,
    strides: tuple[int, ...] | None = None,
) -> tuple[Tensor, ...]:
    window = window_of(x, kernel_shape, strides, dilations, pads, auto_pad, bool(ceil_mode))
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[window.rank]
    direct = window.symmetric and all(
        2 * pad <= size for pad, size in zip(window.before, window.kernel, strict=True)
    )
    if outputs == 1 and direct:
        return (pool(x, window.kernel, window.strides, window.before, window.dilations),)
    lowest = -math.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    padded = pad_constant(x, window.ends, lowest)
    if outputs == 1:
        return (pool(padded, window.kernel, window.strides, 0, window.dilations),)
    values, places = pool(padded, window.kernel, window.strides, 0, window.dilations, return_indices=True)
    return values, _in_tensor(places, sizes(padded)[2:], sizes(x), window.before, storage_order)


def _in_tensor(
    places: Tensor,
    padded: tuple[int, ...],
    shape: tuple[int, ...],
    before: tuple[int, ...],
    column_major: int,
) -> Tensor:
    """Indices into one padded channel as indices into the whole tensor."""
    parts = []
    for size, offset in zip(reversed(padded), reversed(before), strict=True):
        parts.append(torch.remainder(places, size) - offset)
        places = torch.div(places, size, rounding_mode="floor")
    axes = list(zip(parts, reversed(shape[2:]), strict=True))
    flat, weight = torch.zeros_like(places), 1
    for part, size in reversed(axes) if column_major else axes:
        flat = flat + part * weight
        weight *= size
    channels = torch.arange(shape[0] * shape[1]).reshape(shape[0], shape[1], *[1] * len(before))
    return flat + channels * weight
