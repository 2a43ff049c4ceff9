"""``l2normalize``: ``x / sqrt(sum of squares + epsilon)`` ; ``L2NormalizeLayerParams``.

``epsilon`` 0 stands for 1e-6.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

_EPSILON = 1e-6


def bind(params: Any, site: Site) -> Run:
    epsilon = float(params.epsilon) or _EPSILON
    return lambda x: x / torch.sqrt(x.square().sum((-3, -2, -1), keepdim=True) + epsilon)
