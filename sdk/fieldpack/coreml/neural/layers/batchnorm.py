"""``batchnorm``: ``gamma * (x - mean) / sqrt(variance + epsilon) + beta``; ``BatchnormLayerParams``.

With ``computeMeanVar`` mean and variance come from the blob: of each instance with
``instanceNormalization``, else of the whole batch. ``epsilon`` 0 stands for 1e-5.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import batched, over_channels
from fieldpack.coreml.neural.site import Run, Site

_EPSILON = 1e-5


def bind(params: Any, site: Site) -> Run:
    count = [int(params.channels)]
    gamma, beta = (over_channels(site.weights(w, count)) for w in (params.gamma, params.beta))
    epsilon = float(params.epsilon) or _EPSILON
    if params.computeMeanVar:
        return _computed(gamma, beta, epsilon, bool(params.instanceNormalization))
    mean, variance = (over_channels(site.weights(w, count)) for w in (params.mean, params.variance))
    factor = gamma / torch.sqrt(variance + epsilon)
    return lambda x: x * factor + (beta - mean * factor)


def _computed(gamma: Tensor, beta: Tensor, epsilon: float, instance: bool) -> Run:
    def run(x: Tensor) -> Tensor:
        y = batched(x)
        axes = (-2, -1) if instance else (0, -2, -1)
        mean = y.mean(axes, keepdim=True)
        variance = (y - mean).square().mean(axes, keepdim=True)
        return ((y - mean) / torch.sqrt(variance + epsilon) * gamma + beta).reshape(x.shape)

    return run
