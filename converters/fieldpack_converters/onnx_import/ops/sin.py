"""``Sin``: sine of every element, in radians.

Covers versions 7 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (7, 22)


def run(x: Tensor) -> Tensor:
    return torch.sin(x)
