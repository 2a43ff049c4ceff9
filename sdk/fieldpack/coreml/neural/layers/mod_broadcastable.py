"""``modBroadcastable``: what ``x / y`` leaves, with the sign of ``y``, single axes stretched.

Message ``ModBroadcastableLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    run: Run = torch.remainder
    return run
