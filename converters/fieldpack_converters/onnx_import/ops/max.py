"""``Max``: largest of any number of tensors by element, broadcast.

Covers versions 8, 12 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (8, 12, 13)


def run(*inputs: Tensor) -> Tensor:
    result = inputs[0]
    for value in inputs[1:]:
        result = torch.maximum(result, value)
    return result
