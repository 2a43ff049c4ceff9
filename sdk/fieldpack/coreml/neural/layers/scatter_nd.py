"""``scatterND``: slices changed at index vectors; ``ScatterNDLayerParams``."""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.layers._scatter import scatter_mode
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import scatter_nd as ops_scatter_nd

INPUTS = (3, 3)


def bind(params: Any, site: Site) -> Run:
    mode = scatter_mode(params.mode)
    return lambda x, indices, updates: ops_scatter_nd.run(x, indices.round().long(), updates, mode)
