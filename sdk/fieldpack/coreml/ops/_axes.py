"""The ``axes`` parameter that all MIL reductions share."""

from __future__ import annotations

from torch import Tensor


def all_axes(x: Tensor, axes: tuple[int, ...] | None) -> tuple[int, ...]:
    """``axes`` counted from the front, or every axis of ``x`` where none are given."""
    if not axes:
        return tuple(range(x.ndim))
    return tuple(axis % x.ndim for axis in axes)
