"""``resize_bilinear``: the last two axes to a size, linear in between, iOS15 (modes: ``_grid``)."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._grid import resize_linear


def run(
    x: Tensor, target_size_height: int = 1, target_size_width: int = 1, sampling_mode: str = "DEFAULT"
) -> Tensor:
    rows = resize_linear(x, x.ndim - 2, target_size_height, sampling_mode)
    return resize_linear(rows, x.ndim - 1, target_size_width, sampling_mode)
