"""``fillStatic``: one number in a fixed shape; ``FillStaticLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded

INPUTS = (0, 0)


def bind(params: Any, site: Site) -> Run:
    shape, value = bounded(params.targetShape), float(params.value)
    return lambda: torch.full(shape, value)
