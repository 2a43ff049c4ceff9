"""``Where``: elements of ``x`` where the condition holds, else of ``y``, broadcast.

Covers versions 9 and 16 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 16)


def run(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return torch.where(condition, x, y)
