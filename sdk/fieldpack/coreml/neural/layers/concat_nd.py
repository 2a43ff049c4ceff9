"""``concatND``: blobs one after the other along an axis, or taking turns; ``ConcatNDLayerParams``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, None)


def bind(params: Any, site: Site) -> Run:
    def run(*blobs: Tensor) -> Tensor:
        axis = axis_of(params.axis, blobs[0].ndim)
        if params.interleave:
            return torch.stack(blobs, axis + 1).flatten(axis, axis + 1)
        return torch.cat(blobs, axis)

    return run
