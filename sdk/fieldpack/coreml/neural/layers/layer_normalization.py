"""``layerNormalization``: over the last axes, then scaled and shifted; ``LayerNormalizationLayerParams``."""

from __future__ import annotations

import math
from typing import Any

import torch.nn.functional as F

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    shape = [int(size) for size in params.normalizedShape]
    gamma, beta = (site.weights(w, [math.prod(shape)]).reshape(shape) for w in (params.gamma, params.beta))
    return lambda x: F.layer_norm(x, shape, gamma, beta, params.eps)
