"""``scatter``: slices along an axis changed at places; ``ScatterLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._scatter import scatter_mode
from fieldpack.coreml.neural.layers._shape import axis_of, place_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import scatter as ops_scatter

INPUTS = (3, 3)


def bind(params: Any, site: Site) -> Run:
    mode = scatter_mode(params.mode)

    def run(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
        axis = axis_of(params.axis, x.ndim)
        return ops_scatter.run(x, place_of(indices, x.shape[axis]), updates, axis, mode)

    return run
