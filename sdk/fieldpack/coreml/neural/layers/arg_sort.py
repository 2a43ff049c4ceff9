"""``argSort``: places in ascending or descending order along an axis; ``ArgSortLayerParams``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site

WHOLE = True


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor) -> Tensor:
        axis = axis_of(params.axis, x.ndim)
        return torch.sort(x, dim=axis, descending=bool(params.descending), stable=True).indices

    return run
