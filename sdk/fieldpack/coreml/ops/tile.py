"""``tile``: ``reps[i]`` copies of ``x`` along axis ``i``, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor, reps: tuple[int, ...]) -> Tensor:
    return torch.tile(x, reps)
