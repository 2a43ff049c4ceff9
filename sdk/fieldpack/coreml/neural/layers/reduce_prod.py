"""``reduceProd``: product over some axes, or all; ``ReduceProdLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._reduction import over
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return over(params, _product)


def _product(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x
