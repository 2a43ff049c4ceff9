"""``softplus``: Elementwise, iOS15 operator set (float16, float32).

``y = log(1 + e ^ x)``

Computed as ``logaddexp(x, 0)``, which neither overflows nor drops the tail.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.logaddexp(x, torch.zeros((), dtype=x.dtype))
