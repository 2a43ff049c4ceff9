"""``erf``: error function; ``ErfLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    run: Run = torch.erf
    return run
