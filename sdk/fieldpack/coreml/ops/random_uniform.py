"""``random_uniform``: uniform in ``[low, high)``, iOS15 operator set; numbers as in ``_random``."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._random import generator
from fieldpack.coreml.ops._size import bounded

VOLATILE = True


def run(shape: tuple[int, ...], low: float = 0.0, high: float = 1.0, seed: int = -1) -> Tensor:
    return torch.rand(bounded(shape), generator=generator(seed)) * (high - low) + low
