"""``Pow``: a to the power b by element, broadcast, in the type of a.

Covers versions 7, 12, 13 and 15 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (7, 12, 13, 15)


def run(a: Tensor, b: Tensor) -> Tensor:
    if a.is_floating_point():
        return torch.pow(a, b.to(a.dtype))
    if b.is_floating_point():
        return torch.pow(a.to(b.dtype), b).to(a.dtype)
    return torch.pow(a, b).to(a.dtype)
