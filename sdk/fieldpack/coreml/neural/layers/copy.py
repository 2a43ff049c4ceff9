"""``copy``: the same blob under another name, which may exist already; ``CopyLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return lambda x: x
