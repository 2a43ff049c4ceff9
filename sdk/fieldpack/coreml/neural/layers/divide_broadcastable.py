"""``divideBroadcastable``: ``x / y``, single axes stretched; ``DivideBroadcastableLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (2, 2)


def bind(params: Any, site: Site) -> Run:
    run: Run = torch.div
    return run
