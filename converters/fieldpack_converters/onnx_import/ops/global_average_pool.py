"""``GlobalAveragePool``: mean of each channel.

Covers versions 1 and 22 of the operator.
"""

from __future__ import annotations

from torch import Tensor

VERSIONS = (1, 22)


def run(x: Tensor) -> Tensor:
    return x.mean(tuple(range(2, x.dim())), keepdim=True)
