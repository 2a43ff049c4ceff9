"""``softmax``: ``e ^ x / sum(e ^ x)`` over the channels; ``SoftmaxLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return lambda x: torch.softmax(x, axis_of(-3, x.ndim))
