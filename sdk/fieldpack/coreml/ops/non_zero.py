"""``non_zero``: the index vectors of all elements that are not 0, one a row, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.nonzero(x)
