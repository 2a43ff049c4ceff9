"""``unary``: a function of ``scale * x + shift``; ``UnaryFunctionLayerParams``.

``epsilon`` 0 stands for 1e-6, ``scale`` 0 for 1. The logarithm adds ``epsilon`` where it is set, which
coremltools relies on and the specification leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

_EPSILON = 1e-6


def bind(params: Any, site: Site) -> Run:
    alpha, epsilon = float(params.alpha), float(params.epsilon) or _EPSILON
    scale, shift = float(params.scale) or 1.0, float(params.shift)
    functions: list[Callable[[Tensor], Tensor]] = [
        torch.sqrt,
        lambda x: torch.rsqrt(x + epsilon),
        lambda x: 1 / (x + epsilon),
        lambda x: torch.pow(x, alpha),
        torch.exp,
        lambda x: torch.log(x + params.epsilon),
        torch.abs,
        lambda x: x.clamp(min=alpha),
    ]
    if not 0 <= params.type < len(functions):
        raise ModelFileError("unknown function", came=params.type, allowed=f"0 to {len(functions) - 1}")
    function = functions[params.type]
    return lambda x: function(x if (scale, shift) == (1.0, 0.0) else scale * x + shift)
