"""``gelu``: Gaussian error linear unit, iOS15 operator set (float16, float32).

* ``EXACT``: ``x / 2 * (1 + erf(x / sqrt(2)))``
* ``TANH_APPROXIMATION``: ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ^ 3)))``
* ``SIGMOID_APPROXIMATION``: ``x * sigmoid(1.702 * x)``
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.errors import ModelFileError


def run(x: Tensor, mode: str = "EXACT") -> Tensor:
    if mode == "EXACT":
        return F.gelu(x)
    if mode == "TANH_APPROXIMATION":
        return F.gelu(x, approximate="tanh")
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    raise ModelFileError(
        "Unknown mode of gelu", came=mode, allowed="EXACT, TANH_APPROXIMATION, SIGMOID_APPROXIMATION"
    )
