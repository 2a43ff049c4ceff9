"""``local_response_norm``: each element over its neighbour channels, iOS15 operator set.

``y = x / (k + alpha / size * sum of x ^ 2 over size neighbour channels) ^ beta``
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    return F.local_response_norm(x, size, alpha, beta, k)
