"""``HardSwish``: x * max(0, min(1, x / 6 + 1 / 2)).

Covers versions 14 and 22 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (14, 22)


def run(x: Tensor) -> Tensor:
    return F.hardswish(x)
