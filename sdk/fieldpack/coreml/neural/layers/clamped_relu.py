"""``clampedReLU``: ``alpha`` times what is below 0, at most ``beta``; ``ClampedReLULayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    alpha, beta = float(params.alpha), float(params.beta)
    return lambda x: torch.where(x >= 0, x, alpha * x).clamp(max=beta)
