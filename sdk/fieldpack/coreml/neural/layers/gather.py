"""``gather``: slices along an axis at places, negative ones from the end; ``GatherLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of, place_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, indices: Tensor) -> Tensor:
        axis = axis_of(params.axis, x.ndim)
        rows = place_of(indices, x.shape[axis])
        found = x.index_select(axis, rows.reshape(-1))
        return found.reshape(*x.shape[:axis], *rows.shape, *x.shape[axis + 1 :])

    return run
