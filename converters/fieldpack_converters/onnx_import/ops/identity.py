"""``Identity``: its input, unchanged.

Covers versions 1, 13, 14, 16, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from torch import Tensor

VERSIONS = (1, 13, 14, 16, 19, 21, 23, 24, 25)


def run(x: Tensor) -> Tensor:
    return x
