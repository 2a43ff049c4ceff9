"""``avg_pool``: mean of every window, 1 to 3 spatial axes, iOS15 operator set.

``y = sum of the window / n``, where ``n`` counts the cells of the window that lie in the input, and,
unless ``exclude_padding_from_average``, those that lie in the padding. Cells that only ``ceil_mode``
adds are never counted.
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._window import Padding, ceil_excess, pad_spatial, window_padding

_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def run(
    x: Tensor,
    kernel_sizes: tuple[int, ...],
    pad_type: str,
    strides: tuple[int, ...] | None = None,
    pad: tuple[int, ...] | None = None,
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Tensor:
    pool = _POOLS[len(kernel_sizes)]
    strides = strides or (1,) * len(kernel_sizes)
    sizes = tuple(x.shape[2:])
    padding = window_padding(pad_type, pad, sizes, kernel_sizes, strides)
    excess = ceil_excess(sizes, kernel_sizes, strides, padding) if ceil_mode else (0,) * len(sizes)
    outer = tuple((0, extra) for extra in excess)
    mean = pool(pad_spatial(pad_spatial(x, padding), outer), kernel_sizes, strides)
    if not any(excess) and (not exclude_padding_from_average or not any(map(any, padding))):
        return mean
    return mean / _share(x, padding, outer, exclude_padding_from_average, kernel_sizes, strides)


def _share(
    x: Tensor,
    padding: Padding,
    outer: Padding,
    exclude: bool,
    kernel_sizes: tuple[int, ...],
    strides: tuple[int, ...],
) -> Tensor:
    """Counted cells over all cells, for every window."""
    ones = x.new_ones((1, 1, *x.shape[2:]))
    counted = pad_spatial(pad_spatial(ones, padding, 0.0 if exclude else 1.0), outer)
    whole = math.prod(kernel_sizes)
    return (_POOLS[len(kernel_sizes)](counted, kernel_sizes, strides) * whole).round() / whole
