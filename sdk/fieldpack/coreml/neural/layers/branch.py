"""``branch``: one of two networks, by whether a number is zero; ``BranchLayerParams``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site

CONTROL = True
OUTPUTS = (0, 0)
_ZERO = 1e-6


def bind(params: Any, site: Site) -> Run:
    chosen, other = site.graph(params.ifBranch), site.graph(params.elseBranch)

    def run(values: dict[str, Tensor], condition: Tensor) -> None:
        (chosen if bool((condition.abs() > _ZERO).all()) else other).run(values)

    return run
