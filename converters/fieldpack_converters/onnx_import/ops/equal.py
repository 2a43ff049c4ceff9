"""``Equal``: a == b by element, broadcast.

Covers versions 7, 11, 13 and 19 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (7, 11, 13, 19)


def run(a: Tensor, b: Tensor) -> Tensor:
    return torch.eq(a, b)
