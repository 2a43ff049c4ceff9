"""``BitwiseXor``: exclusive or of the bits, broadcast.

Covers version 18 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (18,)


def run(a: Tensor, b: Tensor) -> Tensor:
    return torch.bitwise_xor(a, b)
