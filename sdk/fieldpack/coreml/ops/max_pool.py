"""``max_pool``: greatest element of every window, 1 to 3 spatial axes, iOS15 operator set.

Padded cells never win. ``ceil_mode`` rounds the number of windows up, as in ``_window``.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._window import ceil_excess, pad_spatial, window_padding

_POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


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
    return _POOLS[len(sizes)](pad_spatial(x, padding, float("-inf")), kernel_sizes, strides)
