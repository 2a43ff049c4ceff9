"""``loop``: a network a number of times, or while a blob is not zero, or both; ``LoopLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._loop import MOST_ROUNDS, one_round
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

CONTROL = True
INPUTS = (0, 1)
OUTPUTS = (0, 0)
_ZERO = 1e-6


def bind(params: Any, site: Site) -> Run:
    condition = site.graph(params.conditionNetwork) if params.conditionVar else None
    body = site.graph(params.bodyNetwork)

    def run(values: dict[str, Tensor], count: Tensor | None = None) -> None:
        most = int(params.maxLoopIterations) if count is None else round(float(count.reshape(-1)[0]))
        endless = condition is not None and count is None and most == 0
        rounds = 0
        while endless or rounds < most:
            if rounds >= MOST_ROUNDS:
                raise ModelFileError("the loop does not end", came=rounds, allowed=f"{MOST_ROUNDS} rounds")
            if condition is not None:
                condition.run(values)
                if float(values[params.conditionVar].abs().max()) <= _ZERO:
                    return
            if not one_round(body, values):
                return
            rounds += 1

    return run
