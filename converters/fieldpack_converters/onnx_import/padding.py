"""Values added to, or taken off, the ends of axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes


def pad_constant(x: Tensor, ends: Mapping[int, tuple[int, int]], value: Any) -> Tensor:
    """`x` with so many values before and after along each axis; negative numbers cut."""
    rank = x.dim()
    if not any(pair != (0, 0) for pair in ends.values()):
        return x
    amounts = [amount for axis in reversed(range(rank)) for amount in ends.get(axis, (0, 0))]
    if isinstance(value, Tensor):
        inside = F.pad(torch.ones_like(x, dtype=torch.bool), amounts, value=False)
        return torch.where(inside, F.pad(x, amounts), value.reshape(()))
    while len(amounts) > 2 and amounts[-2:] == [0, 0]:
        amounts = amounts[:-2]
    return F.pad(x, amounts, value=bool(value) if x.dtype == torch.bool else value)


def pad_copied(x: Tensor, axis: int, before: int, after: int, mode: str) -> Tensor:
    """`x` with copies of its own values at the ends of an axis: ``reflect``, ``edge`` or ``wrap``."""
    if before == 0 and after == 0:
        return x
    size = sizes(x)[axis]
    last = max(1, size - 1)
    places = []
    for place in range(-before, size + after):
        if mode == "edge":
            places.append(min(max(place, 0), size - 1))
        elif mode == "wrap":
            places.append(place % size)
        else:
            around = place % (2 * last)
            places.append(around if around < size else 2 * last - around)
    return torch.index_select(x, axis, torch.tensor(places))
