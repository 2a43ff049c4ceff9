"""``tile``: ``reps[i]`` copies of ``x`` along axis ``i``, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded


def run(x: Tensor, reps: tuple[int, ...]) -> Tensor:
    bounded((x.numel(), *reps))
    return torch.tile(x, reps)
