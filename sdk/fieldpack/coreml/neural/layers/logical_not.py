"""``logicalNot``: 1 where the element is 0; ``LogicalNotLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return lambda x: x == 0
