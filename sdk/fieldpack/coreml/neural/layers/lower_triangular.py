"""``lowerTriangular``: zero above a diagonal of the last two axes; ``LowerTriangularLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    return lambda x: torch.tril(x, params.k)
