"""``Concat``: joined along an axis.

Covers versions 4, 11 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (4, 11, 13)


def run(*inputs: Tensor, axis: int) -> Tensor:
    return torch.cat(inputs, axis)
