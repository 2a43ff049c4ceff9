"""Which axes a reduction goes over, and what it gives over nothing."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def reduced_axes(x: Tensor, axes: tuple[int, ...] | None, nothing_when_empty: bool) -> list[int]:
    """The axes as numbers from 0; all of them when none is given, unless that means nothing."""
    if axes:
        return [axis % x.dim() for axis in axes]
    return [] if nothing_when_empty else list(range(x.dim()))


def lowest(dtype: torch.dtype) -> float:
    """The largest element of no elements."""
    if dtype is torch.bool:
        return 0
    return -math.inf if dtype.is_floating_point else int(torch.iinfo(dtype).min)


def highest(dtype: torch.dtype) -> float:
    """The smallest element of no elements."""
    if dtype is torch.bool:
        return 1
    return math.inf if dtype.is_floating_point else int(torch.iinfo(dtype).max)
