"""``loopContinue``: begins the next round of the loop around it; ``LoopContinueLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._loop import RoundEndedError
from fieldpack.coreml.neural.site import Run, Site

CONTROL = True
INPUTS = (0, 0)
OUTPUTS = (0, 0)


def bind(params: Any, site: Site) -> Run:
    def run(values: dict[str, Tensor]) -> None:
        raise RoundEndedError

    return run
