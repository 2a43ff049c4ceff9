"""``IsInf``: true where an element is infinite; the attributes leave out one sign.

Covers versions 10 and 20 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (10, 20)


def run(x: Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> Tensor:
    found = torch.isinf(x)
    if not detect_negative:
        found = torch.logical_and(found, x > 0)
    return found if detect_positive else torch.logical_and(found, x < 0)
