"""``reduceLogSumExp``: logarithm of the sum of ``e ^ x`` over some axes, or all.

Message ``ReduceLogSumExpLayerParams``.
"""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._reduction import over
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return over(params, lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep))
