"""``Tile``: repeated along every axis.

Covers versions 6 and 13 of the operator.
"""

from __future__ import annotations

from torch import Tensor

VERSIONS = (6, 13)


def run(x: Tensor, repeats: tuple[int, ...]) -> Tensor:
    return x.repeat(repeats)
