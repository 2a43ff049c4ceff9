"""``whereBroadcastable``: the second blob where the first is not 0, else the third.

Message ``WhereBroadcastableLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (3, 3)


def bind(params: Any, site: Site) -> Run:
    return lambda condition, x, y: torch.where(condition != 0, x, y)
