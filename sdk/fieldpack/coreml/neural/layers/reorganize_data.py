"""``reorganizeData``: blocks of cells to channels and back; ``ReorganizeDataLayerParams``.

``SPACE_TO_DEPTH`` and ``DEPTH_TO_SPACE`` keep the channels of one cell together, ``PIXEL_SHUFFLE``
takes the cells of one channel from neighbouring channels.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import batched
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import depth_to_space as ops_depth_to_space
from fieldpack.coreml.ops import pixel_shuffle as ops_pixel_shuffle
from fieldpack.coreml.ops import space_to_depth as ops_space_to_depth
from fieldpack.errors import ModelFileError

_SPACE_TO_DEPTH, _DEPTH_TO_SPACE, _PIXEL_SHUFFLE = 0, 1, 2
_SMALLEST = 2


def bind(params: Any, site: Site) -> Run:
    block = int(params.blockSize)
    if block < _SMALLEST:
        raise ModelFileError("the block is too small", came=block, allowed="from 2")

    def run(x: Tensor) -> Tensor:
        y = batched(x)
        if params.mode == _SPACE_TO_DEPTH:
            y = ops_space_to_depth.run(y, block)
        elif params.mode == _DEPTH_TO_SPACE:
            y = ops_depth_to_space.run(y, block)
        elif params.mode == _PIXEL_SHUFFLE:
            y = ops_pixel_shuffle.run(y, block)
        else:
            raise ModelFileError("unknown mode", came=params.mode, allowed="0 to 2")
        return y.reshape(*x.shape[:-3], *y.shape[-3:])

    return run
