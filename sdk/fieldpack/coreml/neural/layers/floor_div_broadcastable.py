"""``floorDivBroadcastable``: ``x / y`` rounded down, single axes stretched.

Message ``FloorDivBroadcastableLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    run: Run = torch.floor_divide
    return run
