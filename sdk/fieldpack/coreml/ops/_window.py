"""Sliding windows: the padding and the output size that convolutions and pools of MIL share.

``pad_type`` of the specification: ``valid`` none; ``custom`` as given; ``same`` so much that the
output has ``ceil(size / stride)`` cells, the odd cell after; ``same_lower`` the odd cell before.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

#: (before, after) for every spatial axis.
Padding = tuple[tuple[int, int], ...]


def window_padding(
    pad_type: str,
    pad: tuple[int, ...] | None,
    sizes: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
) -> Padding:
    """Cells before and after every spatial axis; ``kernel`` counts its dilation."""
    if pad_type == "valid":
        return tuple((0, 0) for _ in sizes)
    if pad_type == "custom":
        given = pad or (0,) * (2 * len(sizes))
        if len(given) != 2 * len(sizes):
            raise ModelFileError(
                "Custom padding has another length", came=given, allowed=f"{2 * len(sizes)} numbers"
            )
        return tuple(zip(given[::2], given[1::2], strict=True))
    if pad_type not in ("same", "same_lower"):
        raise ModelFileError("Unknown pad_type", came=pad_type, allowed="valid, custom, same, same_lower")
    found = []
    for size, width, stride in zip(sizes, kernel, strides, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + width - size)
        small = total // 2
        found.append((small, total - small) if pad_type == "same" else (total - small, small))
    return tuple(found)


def ceil_excess(
    sizes: tuple[int, ...], kernel: tuple[int, ...], strides: tuple[int, ...], padding: Padding
) -> tuple[int, ...]:
    """Cells that ``ceil_mode`` adds after the padding, so that its last window is complete.

    The last window is dropped where it would start outside the input and its leading padding.
    """
    excess = []
    for size, width, stride, (before, after) in zip(sizes, kernel, strides, padding, strict=True):
        count = -(-(size + before + after - width) // stride) + 1
        if (count - 1) * stride >= size + before and before + after > 0:
            count -= 1
        excess.append(max(0, (count - 1) * stride + width - size - before - after))
    return tuple(excess)


def pad_spatial(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    """Surround the spatial axes of ``x`` ``[N, C, ...]`` with ``value``."""
    if not any(before or after for before, after in padding):
        return x
    bounded(padded_shape(x, padding))
    flat = [count for pair in reversed(padding) for count in pair]
    return F.pad(x, flat, value=value)


def padded_shape(x: Tensor, padding: Padding) -> tuple[int, ...]:
    """Shape of ``x`` ``[N, C, ...]`` with cells around its spatial axes."""
    pairs = zip(x.shape[2:], padding, strict=True)
    return (*x.shape[:2], *(size + before + after for size, (before, after) in pairs))


def symmetric(padding: Padding) -> bool:
    """Whether torch can pad by itself: as much before as after, on every axis."""
    return all(before == after for before, after in padding)
