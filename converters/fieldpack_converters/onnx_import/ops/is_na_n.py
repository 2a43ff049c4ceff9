"""``IsNaN``: true where an element is no number.

Covers versions 9, 13 and 20 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 13, 20)


def run(x: Tensor) -> Tensor:
    return torch.isnan(x)
