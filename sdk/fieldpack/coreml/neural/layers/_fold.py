"""Any number of blobs made one, element by element; single axes are stretched."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor


def fold(function: Callable[[Tensor, Tensor], Tensor], alpha: float | None = None) -> Callable[..., Tensor]:
    """A function of any number of blobs from one of two; with ``alpha`` it takes that beside a single one."""

    def run(*blobs: Tensor) -> Tensor:
        if len(blobs) == 1 and alpha is not None:
            return function(blobs[0], torch.tensor(alpha))
        return reduce(function, blobs)

    return run
