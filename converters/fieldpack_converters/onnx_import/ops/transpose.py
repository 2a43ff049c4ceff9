"""``Transpose``: axes in another order, reversed when none is given.

Covers versions 1, 13, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from torch import Tensor

VERSIONS = (1, 13, 21, 23, 24, 25)


def run(x: Tensor, *, perm: tuple[int, ...] | None = None) -> Tensor:
    return x.permute(perm if perm is not None else tuple(reversed(range(x.dim()))))
