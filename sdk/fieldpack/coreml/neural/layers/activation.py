"""``activation``: one of thirteen functions of every element; ``ActivationParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._activation import make_activation
from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return make_activation(params, site)
