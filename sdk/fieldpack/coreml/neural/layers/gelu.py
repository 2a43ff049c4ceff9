"""``gelu``: ``x`` times the normal distribution at ``x``, exact or one of two approximations.

Message ``GeluLayerParams``.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import gelu as ops_gelu

_MODES = ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION")


def bind(params: Any, site: Site) -> Run:
    mode = _MODES[params.mode]
    return lambda x: ops_gelu.run(x, mode)
