"""``Acosh``: inverse hyperbolic cosine of every element.

Covers versions 9 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 22)


def run(x: Tensor) -> Tensor:
    return torch.acosh(x)
