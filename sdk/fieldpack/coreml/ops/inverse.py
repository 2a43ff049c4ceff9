"""``inverse``: Elementwise, iOS15 operator set (float16, float32); iOS17 lets ``epsilon`` differ in type.

``y = 1 / (x + epsilon)``
"""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, epsilon: float = 1e-4) -> Tensor:
    return 1.0 / (x + epsilon)
