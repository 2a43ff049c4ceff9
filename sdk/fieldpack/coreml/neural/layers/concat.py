"""``concat``: blobs one after the other along channel or sequence; ``ConcatLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, None)


def bind(params: Any, site: Site) -> Run:
    axis = -5 if params.sequenceConcat else -3
    return lambda *blobs: torch.cat(blobs, axis_of(axis, blobs[0].ndim))
