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
        return torch.sort(x, axis_of(params.axis, x.ndim), bool(params.descending), stable=True).indices

    return run
