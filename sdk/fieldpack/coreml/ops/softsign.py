"""``softsign``: Elementwise, iOS15 operator set (float16, float32).

``y = x / (1 + |x|)``
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return F.softsign(x)
