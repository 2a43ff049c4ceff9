"""``add``: Elementwise with broadcasting, iOS15 operator set (float16, float32, int32).

``z = x + y``
"""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, y: Tensor) -> Tensor:
    return x + y
