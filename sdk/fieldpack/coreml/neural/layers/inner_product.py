"""``innerProduct``: ``y = W x + b``; ``InnerProductLayerParams``.

Up to three axes the last one is multiplied; of four or five the last three together are, and the
result keeps the rank with height and width 1. The weight is ``[C_out, C_in]``.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site

_FLAT_RANK = 3


def bind(params: Any, site: Site) -> Run:
    shape = [int(params.outputChannels), int(params.inputChannels)]
    weight = site.weights(params.weights, shape)
    bias = site.weights(params.bias, shape[:1]) if params.hasBias else None

    def run(x: Tensor) -> Tensor:
        if x.ndim <= _FLAT_RANK:
            return F.linear(x, weight, bias)
        leading = x.shape[:-3]
        return F.linear(x.reshape(*leading, -1), weight, bias).reshape(*leading, -1, 1, 1)

    return run
