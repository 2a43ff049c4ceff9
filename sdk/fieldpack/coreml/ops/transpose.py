"""``transpose``: axis ``i`` of the result is axis ``perm[i]`` of ``x``, iOS15 operator set."""

from __future__ import annotations

from torch import Tensor


def run(x: Tensor, perm: tuple[int, ...]) -> Tensor:
    return x.permute(perm)
