"""``Less``: a < b by element, broadcast.

Covers versions 9 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 13)


def run(a: Tensor, b: Tensor) -> Tensor:
    return torch.lt(a, b)
