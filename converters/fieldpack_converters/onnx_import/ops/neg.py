"""``Neg``: every element with the other sign.

Covers versions 6 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (6, 13)


def run(x: Tensor) -> Tensor:
    return torch.neg(x)
