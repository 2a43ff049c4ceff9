"""``random_bernoulli``: 1 with probability ``prob``, else 0, iOS15; numbers as in ``_random``."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._random import generator
from fieldpack.coreml.ops._size import bounded

VOLATILE = True


def run(shape: tuple[int, ...], prob: float = 0.5, seed: int = -1) -> Tensor:
    return (torch.rand(bounded(shape), generator=generator(seed)) < prob).float()
