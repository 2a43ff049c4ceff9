"""``random_normal``: normal with ``mean`` and ``stddev``, iOS15 operator set; numbers as in ``_random``."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._random import generator
from fieldpack.coreml.ops._size import bounded

VOLATILE = True


def run(shape: tuple[int, ...], mean: float = 0.0, stddev: float = 1.0, seed: int = -1) -> Tensor:
    return torch.randn(bounded(shape), generator=generator(seed)) * stddev + mean
