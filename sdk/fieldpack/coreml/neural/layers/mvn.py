"""``mvn``: mean subtracted, and divided by the deviation; ``MeanVarianceNormalizeLayerParams``.

Over channel, height and width with ``acrossChannels``, else over height and width. ``epsilon`` 0
stands for 1e-6.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site

_EPSILON = 1e-6


def bind(params: Any, site: Site) -> Run:
    axes = (-3, -2, -1) if params.acrossChannels else (-2, -1)
    epsilon = float(params.epsilon) or _EPSILON

    def run(x: Tensor) -> Tensor:
        y = x - x.mean(axes, keepdim=True)
        if params.normalizeVariance:
            y = y / torch.sqrt(y.square().mean(axes, keepdim=True) + epsilon)
        return y

    return run
