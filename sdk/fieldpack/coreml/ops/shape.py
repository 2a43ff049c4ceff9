"""``shape``: the sizes of ``x`` as an int32 vector, iOS15 operator set."""

from __future__ import annotations

import torch
from torch import Tensor


def run(x: Tensor) -> Tensor:
    return torch.tensor(x.shape, dtype=torch.int32)
