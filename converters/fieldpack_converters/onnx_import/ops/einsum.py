"""``Einsum``: sums of products in Einstein's notation.

Covers versions 12 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (12, 28)


def run(*inputs: Tensor, equation: str) -> Tensor:
    return torch.einsum(equation.replace(" ", ""), *inputs)
