"""``Sign``: -1, 0 or 1 for every element.

Covers versions 9 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 13)


def run(x: Tensor) -> Tensor:
    return torch.sign(x)
