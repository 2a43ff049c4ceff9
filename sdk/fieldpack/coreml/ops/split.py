"""``split``: ``x`` cut along ``axis``, into ``num_splits`` equal parts or by ``split_sizes``, iOS15."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError


def run(
    x: Tensor, axis: int, num_splits: int | None = None, split_sizes: tuple[int, ...] | None = None
) -> tuple[Tensor, ...]:
    if split_sizes is not None:
        return tuple(torch.split(x, list(split_sizes), dim=axis))
    if not num_splits or x.shape[axis] % num_splits:
        raise ModelFileError(
            "split does not divide its axis", came=num_splits, allowed=f"a divisor of {x.shape[axis]}"
        )
    return tuple(torch.split(x, x.shape[axis] // num_splits, dim=axis))
