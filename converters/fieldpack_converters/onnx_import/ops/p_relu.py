"""``PRelu``: x where it is positive, else slope * x; the slope is broadcast.

Covers versions 9 and 16 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 16)


def run(x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, slope * x, x)
