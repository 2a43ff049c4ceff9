"""``range_1d``: ``start, start + step, ...`` below ``end``, iOS15 operator set."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded


def run(end: Tensor, start: Tensor, step: Tensor) -> Tensor:
    bounded([max(0, math.ceil((end.item() - start.item()) / step.item()))])
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)
