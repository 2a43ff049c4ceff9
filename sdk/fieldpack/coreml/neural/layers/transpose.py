"""``transpose``: axes in another order; ``TransposeLayerParams``.

Fewer axes than the blob has are its last ones, as coremltools writes them for pictures.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    axes = [int(axis) for axis in params.axes]

    def run(x: Tensor) -> Tensor:
        before = max(0, x.ndim - len(axes))
        return x.permute([*range(before), *(axis + before for axis in axes)])

    return run
