"""``softmaxND``: ``e ^ x / sum(e ^ x)`` along an axis; ``SoftmaxNDLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return lambda x: torch.softmax(x, axis_of(params.axis, x.ndim))
