"""``l2_pool``: root of the sum of squares of every window, 1 or 2 spatial axes, iOS15 operator set."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._window import ceil_excess, pad_spatial, window_padding

_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d}


def run(
    x: Tensor,
    kernel_sizes: tuple[int, ...],
    pad_type: str,
    strides: tuple[int, ...] | None = None,
    pad: tuple[int, ...] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    strides = strides or (1,) * len(kernel_sizes)
    sizes = tuple(x.shape[2:])
    padding = window_padding(pad_type, pad, sizes, kernel_sizes, strides)
    if ceil_mode:
        excess = ceil_excess(sizes, kernel_sizes, strides, padding)
        padding = tuple((b, a + e) for (b, a), e in zip(padding, excess, strict=True))
    mean = _POOLS[len(sizes)](pad_spatial(torch.square(x), padding), kernel_sizes, strides)
    return torch.sqrt(mean * math.prod(kernel_sizes))
