"""``dot``: the dot product over the channels, or the cosine of the angle; ``DotProductLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)
_AXES = (-3, -2, -1)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, y: Tensor) -> Tensor:
        product = (x * y).sum(_AXES, keepdim=True)
        if not params.cosineSimilarity:
            return product
        return product / (x.square().sum(_AXES, keepdim=True) * y.square().sum(_AXES, keepdim=True)).sqrt()

    return run
