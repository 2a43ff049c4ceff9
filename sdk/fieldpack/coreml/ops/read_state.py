"""``read_state``: what a state holds now, iOS18 operator set."""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.state import State


def run(input: State) -> Tensor:
    remembered: Tensor = input.value
    return remembered
