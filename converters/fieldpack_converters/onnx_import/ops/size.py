"""``Size``: the number of elements of its input.

Covers versions 1, 13, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (1, 13, 19, 21, 23, 24, 25)
SHAPE_ONLY = True


def run(x: Tensor) -> Tensor:
    return torch.tensor(x.numel(), dtype=torch.int64)
