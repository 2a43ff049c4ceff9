"""``squeeze``: the listed axes of size 1 dropped, or all of them; ``SqueezeLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor) -> Tensor:
        if params.squeezeAll:
            return x.squeeze()
        axes = [axis_of(axis, x.ndim) for axis in params.axes]
        if any(x.shape[axis] != 1 for axis in axes):
            raise ModelFileError("a dropped axis has another size than 1", came=list(x.shape), allowed="1")
        return x.squeeze(axes)

    return run
