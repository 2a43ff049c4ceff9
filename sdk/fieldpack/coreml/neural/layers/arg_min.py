"""``argMin``: place of the least element along an axis; ``ArgMinLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site

WHOLE = True


def bind(params: Any, site: Site) -> Run:
    return lambda x: torch.argmin(x, axis_of(params.axis, x.ndim), keepdim=not params.removeDim)
