"""``Softsign``: x / (1 + abs(x)) for every element.

Covers versions 1 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (1, 22)


def run(x: Tensor) -> Tensor:
    return x / (1 + torch.abs(x))
