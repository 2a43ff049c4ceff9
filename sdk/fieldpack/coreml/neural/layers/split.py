"""``split``: the channels in equal parts; ``SplitLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

OUTPUTS = (1, None)


def bind(params: Any, site: Site) -> Run:
    count = int(params.nOutputs)

    def run(x: Tensor) -> tuple[Tensor, ...]:
        axis = axis_of(-3, x.ndim)
        if count < 1 or x.shape[axis] % count:
            raise ModelFileError(
                "the channels do not divide", came=count, allowed=f"a part of {x.shape[axis]}"
            )
        return tuple(x.split(x.shape[axis] // count, axis))

    return run
