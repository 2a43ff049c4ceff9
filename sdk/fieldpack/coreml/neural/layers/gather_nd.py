"""``gatherND``: slices at index vectors, the last axis of the second input; ``GatherNDLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import place_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, indices: Tensor) -> Tensor:
        if indices.shape[-1] > x.ndim:
            raise ModelFileError("index vectors are too long", came=indices.shape[-1], allowed=f"to {x.ndim}")
        return x[tuple(place_of(part, x.shape[axis]) for axis, part in enumerate(indices.unbind(-1)))]

    return run
