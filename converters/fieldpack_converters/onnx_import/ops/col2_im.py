"""``Col2Im``: blocks of columns added up to an image.

Covers version 18 of the operator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (18,)


def run(
    x: Tensor,
    image_shape: tuple[int, ...],
    block_shape: tuple[int, ...],
    *,
    dilations: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:
    rank = len(image_shape)
    before, after = (pads or (0,) * 2 * rank)[:rank], (pads or (0,) * 2 * rank)[rank:]
    step, spread = strides or (1,) * rank, dilations or (1,) * rank
    padded = [size + b + a for size, b, a in zip(image_shape, before, after, strict=True)]
    places = _places(padded, block_shape, step, spread)
    rows, channels = sizes(x)[0], sizes(x)[1] // math.prod(block_shape)
    flat = torch.zeros(rows, channels, math.prod(padded), dtype=x.dtype)
    flat = flat.index_add(2, places.reshape(-1), x.reshape(rows, channels, -1))
    ends = {axis + 2: (-b, -a) for axis, (b, a) in enumerate(zip(before, after, strict=True))}
    return pad_constant(flat.reshape(rows, channels, *padded), ends, 0.0)


def _places(
    padded: list[int], block: tuple[int, ...], step: tuple[int, ...], spread: tuple[int, ...]
) -> Tensor:
    """Row-major place in the padded image of every element of every block, [block, blocks]."""
    grid = torch.arange(math.prod(padded)).reshape(padded)
    for axis, size in enumerate(padded):
        count = (size - (block[axis] - 1) * spread[axis] - 1) // step[axis] + 1
        offsets = torch.arange(block[axis]).reshape(-1, 1) * spread[axis]
        wanted = offsets + torch.arange(count).reshape(1, -1) * step[axis]
        grid = torch.index_select(grid, 2 * axis, wanted.reshape(-1))
        grid = grid.unflatten(2 * axis, (block[axis], count))
    rank = len(padded)
    return grid.permute([*range(0, 2 * rank, 2), *range(1, 2 * rank, 2)]).reshape(math.prod(block), -1)
