"""``Add``: sum by element, broadcast.

Covers versions 7, 13 and 14 of the operator.
"""

from __future__ import annotations

from torch import Tensor

VERSIONS = (7, 13, 14)


def run(a: Tensor, b: Tensor) -> Tensor:
    return a + b
