"""``rankPreservingReshape``: 0 keeps a size, -1 takes what is left; ``RankPreservingReshapeLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    target = [int(size) for size in params.targetShape]

    def run(x: Tensor) -> Tensor:
        if len(target) != x.ndim:
            raise ModelFileError("a shape of another length", came=len(target), allowed=str(x.ndim))
        return x.reshape([size or kept for size, kept in zip(target, x.shape, strict=True)])

    return run
