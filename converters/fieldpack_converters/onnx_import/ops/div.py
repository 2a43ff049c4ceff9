"""``Div``: quotient by element, broadcast.

Integers are divided towards zero.

Covers versions 7, 13 and 14 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (7, 13, 14)


def run(a: Tensor, b: Tensor) -> Tensor:
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")
