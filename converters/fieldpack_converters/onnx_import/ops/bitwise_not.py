"""``BitwiseNot``: every bit turned over.

Covers version 18 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (18,)


def run(x: Tensor) -> Tensor:
    return torch.bitwise_not(x)
