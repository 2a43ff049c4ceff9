"""``Round``: nearest integer, halves to the even one.

Covers versions 11 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (11, 22)


def run(x: Tensor) -> Tensor:
    return torch.round(x)
