"""``gatherAlongAxis``: one element along an axis for every place; ``GatherAlongAxisLayerParams``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of, place_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, indices: Tensor) -> Tensor:
        axis = axis_of(params.axis, x.ndim)
        return torch.gather(x, axis, place_of(indices, x.shape[axis]))

    return run
