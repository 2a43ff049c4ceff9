"""``fillDynamic``: one number in a shape given as input; ``FillDynamicLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded


def bind(params: Any, site: Site) -> Run:
    value = float(params.value)
    return lambda shape: torch.full(bounded(sizes_of(shape)), value)
