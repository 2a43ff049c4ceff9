"""``MeanVarianceNormalization``: mean 0 and variance 1 over axes.

Covers versions 9 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 13)


def run(x: Tensor, *, axes: tuple[int, ...] = (0, 2, 3)) -> Tensor:
    mean = x.mean(axes, keepdim=True)
    variance = ((x - mean) ** 2).mean(axes, keepdim=True)
    return (x - mean) / (torch.sqrt(variance) + 1e-9)
