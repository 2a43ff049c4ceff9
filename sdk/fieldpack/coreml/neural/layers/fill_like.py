"""``fillLike``: one number in the shape of a blob; ``FillLikeLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    value = float(params.value)
    return lambda x: torch.full(x.shape, value)
