"""``transpose``: axes in another order; ``TransposeLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    axes = [int(axis) for axis in params.axes]
    return lambda x: x.permute(axes)
