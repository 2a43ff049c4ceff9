"""``matrixBandPart``: zero outside a band of the last two axes; ``MatrixBandPartLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import band_part as ops_band_part


def bind(params: Any, site: Site) -> Run:
    return lambda x: ops_band_part.run(x, params.numLower, params.numUpper)
