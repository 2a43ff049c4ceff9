"""``GlobalMaxPool``: largest value of each channel.

Covers versions 1 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (1, 22)


def run(x: Tensor) -> Tensor:
    return torch.amax(x, tuple(range(2, x.dim())), keepdim=True)
