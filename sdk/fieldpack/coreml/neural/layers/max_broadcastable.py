"""``maxBroadcastable``: the greatest element of all inputs, single axes stretched.

Message ``MaxBroadcastableLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._fold import fold
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, None)


def bind(params: Any, site: Site) -> Run:
    return fold(torch.maximum)
