"""One pass over a sequence ``[T, B, C, 1, 1]`` and the states that go from step to step.

Arguments of the activations are held within -50 to 50, as the specification says. A reversed layer
gives its outputs in the order in which it works, the last step first, as coremltools' tests assert; the
bidirectional layer puts them side by side with the steps that they belong to.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError

_LIMIT = 50.0
_RANK = 5
#: Next states from the input of a step and the states before.
Cell = Callable[..., tuple[Tensor, ...]]


def held(x: Tensor) -> Tensor:
    """Arguments of an activation."""
    return x.clamp(-_LIMIT, _LIMIT)


def run_cell(
    cell: Cell, x: Tensor, states: tuple[Tensor, ...], reverse: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Every first state ``[T, B, H]`` in the order in which it came, and the last states ``[B, H]``."""
    steps = x.flip(0) if reverse else x
    found = []
    for step in steps:
        states = cell(step, *states)
        found.append(states[0])
    return torch.stack(found), states


def sequence_of(x: Tensor, size: int) -> Tensor:
    """``[T, B, C, 1, 1]`` as ``[T, B, C]``.

    Raises
    ------
    ModelFileError
        Another shape.
    """
    if x.ndim != _RANK or x.shape[2:] != (size, 1, 1) or x.shape[0] < 1:
        raise ModelFileError(
            "the blob is no sequence", came=list(x.shape), allowed=f"[T, B, {size}, 1, 1], T from 1"
        )
    return x[..., 0, 0]


def state_of(given: tuple[Tensor, ...], place: int, x: Tensor, size: int) -> Tensor:
    """A starting state ``[B, H]``: a given blob ``[1, B, H, 1, 1]``, or zeros."""
    if place >= len(given):
        return x.new_zeros(x.shape[1], size)
    return given[place].reshape(-1, size).expand(x.shape[1], size)


def as_blob(outputs: Tensor) -> Tensor:
    """``[T, B, H]`` or ``[B, H]`` with five axes."""
    return (outputs if outputs.ndim > 2 else outputs[None])[..., None, None]
