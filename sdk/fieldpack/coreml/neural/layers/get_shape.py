"""``getShape``: the sizes of the axes; ``GetShapeLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

WHOLE = True


def bind(params: Any, site: Site) -> Run:
    return lambda x: torch.tensor(x.shape, dtype=torch.float32)
