"""``reduceMean``: mean over some axes, or all; ``ReduceMeanLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._reduction import over
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return over(params, lambda x, axes, keep: x.mean(axes, keepdim=keep))
