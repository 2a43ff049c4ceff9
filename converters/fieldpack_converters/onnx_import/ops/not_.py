"""``Not``: logical negation.

Covers version 1 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (1,)


def run(x: Tensor) -> Tensor:
    return torch.logical_not(x)
