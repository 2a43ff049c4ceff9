"""``oneHot``: a new axis with one value at the place and another elsewhere; ``OneHotLayerParams``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of, sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    on, off = float(params.onValue), float(params.offValue)

    def run(x: Tensor, given: Tensor | None = None) -> Tensor:
        size = int(params.oneHotVectorSize) if given is None else sizes_of(given)[0]
        axis = axis_of(params.axis, x.ndim + 1)
        bounded((*x.shape, size))
        hit = x.round().long().unsqueeze(-1) == torch.arange(size)
        return torch.where(hit, on, off).movedim(-1, axis)

    return run
