"""``round``: rounded to the nearest whole number, halves to the even one; ``RoundLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site


def bind(params: Any, site: Site) -> Run:
    run: Run = torch.round
    return run
