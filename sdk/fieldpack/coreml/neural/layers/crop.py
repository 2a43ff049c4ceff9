"""``crop``: height and width cut off at the edges, or to the size of a second blob. ``CropLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._padding import borders
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    (top, bottom), (left, right) = borders(params.cropAmounts)
    offset = [int(value) for value in params.offset] or [0, 0]

    def run(x: Tensor, like: Tensor | None = None) -> Tensor:
        height, width = x.shape[-2:]
        if like is None:
            window = (top, height - bottom, left, width - right)
        else:
            window = (offset[0], offset[0] + like.shape[-2], offset[1], offset[1] + like.shape[-1])
        if not (window[0] < window[1] <= height and window[2] < window[3] <= width):
            raise ModelFileError("the cut lies outside the blob", came=window, allowed=f"{height} x {width}")
        return x[..., window[0] : window[1], window[2] : window[3]]

    return run
