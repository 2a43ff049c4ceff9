"""``crop``: cells cut from both ends of the last two axes, iOS15 operator set."""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, crop_height: tuple[int, ...], crop_width: tuple[int, ...]) -> Tensor:
    for axis, (before, after) in ((-2, crop_height), (-1, crop_width)):
        x = x.narrow(axis, before, x.shape[axis] - before - after)
    return x
