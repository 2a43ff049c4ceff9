"""Axes, sizes and places that several layers share: blobs end in channel, height, width."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises
    ------
    ModelFileError
        The rank is too small for it.
    """
    if not -rank <= axis < rank:
        raise ModelFileError("the axis is outside the blob", came=axis, allowed=f"{-rank} to {rank - 1}")
    return int(axis) % rank


def over_channels(values: Tensor) -> Tensor:
    """One number a channel, or one for all, as ``[C, 1, 1]``."""
    return values.reshape(-1, 1, 1)


def sizes_of(blob: Tensor) -> tuple[int, ...]:
    """Whole numbers that a blob holds, as sizes, places or axes."""
    return tuple(round(number) for number in blob.reshape(-1).tolist())


def place_of(blob: Tensor, size: int) -> Tensor:
    """Places on an axis of ``size`` that a blob holds; negative ones count from the end.

    Raises
    ------
    ModelFileError
        One is outside.
    """
    places = blob.round().long()
    if places.numel() and not -size <= int(places.min()) <= int(places.max()) < size:
        raise ModelFileError(
            "a place is outside the blob",
            came=f"{int(places.min())} to {int(places.max())}",
            allowed=f"{-size} to {size - 1}",
        )
    return torch.where(places < 0, places + size, places)


def batched(x: Tensor, least: int = 3) -> Tensor:
    """A blob as ``[N, C, H, W]``, all axes before the channel put together.

    Raises
    ------
    ModelFileError
        It has too few axes.
    """
    if x.ndim < least:
        raise ModelFileError("the blob has too few axes", came=list(x.shape), allowed=f"at least {least}")
    return x.reshape(-1, *x.shape[-3:])
