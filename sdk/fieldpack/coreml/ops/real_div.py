"""``real_div``: Elementwise with broadcasting, iOS15 operator set (float16, float32, int32).

``z = x / y``

Integers are divided exactly and the quotient is cut to the declared type.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, y: Tensor) -> Tensor:
    return torch.true_divide(x, y)
