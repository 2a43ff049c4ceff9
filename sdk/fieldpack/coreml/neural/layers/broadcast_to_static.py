"""``broadcastToStatic``: stretched to a fixed shape; ``BroadcastToStaticLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded


def bind(params: Any, site: Site) -> Run:
    shape = bounded(params.targetShape)
    return lambda x: torch.broadcast_to(x, torch.broadcast_shapes(x.shape, shape))
