"""``flatten``: channel, height and width as one row of channels; ``FlattenLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site

_CHANNEL_LAST = 1


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor) -> Tensor:
        axis_of(-3, x.ndim)
        y = x.movedim(-3, -1) if params.mode == _CHANNEL_LAST else x
        return y.reshape(*x.shape[:-3], -1, 1, 1)

    return run
