"""``linear_activation``: Elementwise, iOS15 operator set (float16, float32).

``y = alpha * x + beta``

iOS17 lets the type of the parameters differ from that of ``x``.
"""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * x + beta
