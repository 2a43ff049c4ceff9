"""``permute``: sequence, channel, height and width in another order, batch kept; ``PermuteLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

_RANK = 5


def bind(params: Any, site: Site) -> Run:
    order = [int(axis) for axis in params.axis] or [0, 1, 2, 3]
    if sorted(order) != [0, 1, 2, 3]:
        raise ModelFileError("the axes are no order", came=order, allowed="0, 1, 2 and 3 in any order")
    places = [0, 2, 3, 4]
    axes = [places[axis] for axis in order]

    def run(x: Tensor) -> Tensor:
        if x.ndim != _RANK:
            raise ModelFileError("the blob has another rank", came=list(x.shape), allowed="rank 5")
        return x.permute(axes[0], 1, *axes[1:])

    return run
