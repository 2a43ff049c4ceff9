"""Axes of the reduction layers of specification 4: listed, or all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of


def over(
    params: Any, function: Callable[[Tensor, tuple[int, ...], bool], Tensor]
) -> Callable[[Tensor], Tensor]:
    """A function of a blob from one of a blob, its axes, and whether they are kept."""

    def run(x: Tensor) -> Tensor:
        every = params.reduceAll or not params.axes
        axes = range(x.ndim) if every else (axis_of(axis, x.ndim) for axis in params.axes)
        return function(x, tuple(axes), bool(params.keepDims))

    return run
