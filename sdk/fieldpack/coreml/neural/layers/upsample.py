"""``upsample``: height and width made larger, nearest cell or bilinear; ``UpsampleLayerParams``.

Bilinear grids: ``DEFAULT`` starts at the first cell and steps by ``1 / factor``;
``ALIGN_CORNERS_TRUE`` runs from the first to the last cell; ``ALIGN_CORNERS_FALSE`` takes centres of
cells. Factors may be fractions.
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._sampling import resize
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._grid import repeat_nearest
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

_MODES = ("DEFAULT", "STRICT_ALIGN_CORNERS", "UNALIGN_CORNERS")
_BILINEAR = 1


def bind(params: Any, site: Site) -> Run:
    factors = [float(f) for f in params.fractionalScalingFactor or params.scalingFactor] or [1.0, 1.0]
    if len(factors) != 2 or not all(0 < factor < math.inf for factor in factors):
        raise ModelFileError("the factors are wrong", came=factors, allowed="two numbers above 0")
    if not 0 <= params.linearUpsampleMode < len(_MODES):
        raise ModelFileError("unknown grid", came=params.linearUpsampleMode, allowed="0 to 2")

    def run(x: Tensor) -> Tensor:
        height, width = (int(size * factor) for size, factor in zip(x.shape[-2:], factors, strict=True))
        if params.mode == _BILINEAR:
            return resize(x, height, width, _MODES[params.linearUpsampleMode])
        bounded((*x.shape[:-2], height, width))
        return repeat_nearest(repeat_nearest(x, x.ndim - 2, height), x.ndim - 1, width)

    return run
