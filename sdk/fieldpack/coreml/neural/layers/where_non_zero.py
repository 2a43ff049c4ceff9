"""``whereNonZero``: index vectors of the elements that are not 0; ``WhereNonZeroLayerParams``."""

from __future__ import annotations

from typing import Any

import torch

from fieldpack.coreml.neural.site import Run, Site

WHOLE = True


def bind(params: Any, site: Site) -> Run:
    run: Run = torch.nonzero
    return run
