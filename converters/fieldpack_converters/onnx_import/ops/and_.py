"""``And``: logical and by element, broadcast.

Covers version 7 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (7,)


def run(a: Tensor, b: Tensor) -> Tensor:
    return torch.logical_and(a, b)
