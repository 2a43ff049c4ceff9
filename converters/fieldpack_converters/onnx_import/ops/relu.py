"""``Relu``: max(0, x) for every element.

Covers versions 6, 13 and 14 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (6, 13, 14)


def run(x: Tensor) -> Tensor:
    return torch.relu(x)
