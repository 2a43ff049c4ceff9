"""``squeeze``: axes of size 1 taken out, all of them where none are given, iOS15 operator set."""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(dim=axes)
