"""``stack``: blobs of one shape along a new axis; ``StackLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, None)


def bind(params: Any, site: Site) -> Run:
    return lambda *blobs: torch.stack(blobs, axis_of(params.axis, blobs[0].ndim + 1))
