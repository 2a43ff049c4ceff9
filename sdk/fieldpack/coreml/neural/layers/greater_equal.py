"""``greaterEqual``: 1 where ``x >= y``, or ``x >= alpha`` of a single input, else 0.

Message ``GreaterEqualLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._fold import fold
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    return fold(torch.ge, float(params.alpha))
