"""``broadcastToLike``: stretched to the shape of a second blob; ``BroadcastToLikeLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    return lambda x, like: torch.broadcast_to(x, torch.broadcast_shapes(x.shape, like.shape))
