"""Which axes a reduction goes over."""

from __future__ import annotations

from torch import Tensor


def reduced_axes(x: Tensor, axes: tuple[int, ...] | None, nothing_when_empty: bool) -> list[int]:
    """The axes as numbers from 0; all of them when none is given, unless that means nothing."""
    if axes:
        return [axis % x.dim() for axis in axes]
    return [] if nothing_when_empty else list(range(x.dim()))
