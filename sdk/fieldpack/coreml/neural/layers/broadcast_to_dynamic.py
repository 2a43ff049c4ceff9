"""``broadcastToDynamic``: stretched to a shape given as input; ``BroadcastToDynamicLayerParams``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, shape: Tensor) -> Tensor:
        return torch.broadcast_to(x, torch.broadcast_shapes(x.shape, bounded(sizes_of(shape))))

    return run
