"""``lessEqual``: 1 where ``x <= y``, or ``x <= alpha`` of a single input, else 0.

Message ``LessEqualLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._fold import fold
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    return fold(torch.le, float(params.alpha))
