"""``globalPooling3d``: greatest or mean of depth, height and width; ``GlobalPooling3DLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site

_AXES = (-3, -2, -1)


def bind(params: Any, site: Site) -> Run:
    if params.type == 0:
        return lambda x: x.amax(_AXES, keepdim=True)
    return lambda x: x.mean(_AXES, keepdim=True)
