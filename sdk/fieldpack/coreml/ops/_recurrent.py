"""What the recurrent operators share: activations by name, and walking a sequence.

They take no constants: ``hard_sigmoid`` is ``0.2 x + 0.5`` held within 0 .. 1, ``scaled_tanh`` has
both of its factors at 1, which is what coremltools' own tests of ``lstm`` assert.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fieldpack.errors import ModelFileError

Activation = Callable[[Tensor], Tensor]
_ACTIVATIONS: dict[str, Activation] = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "scaled_tanh": torch.tanh,
    "hard_sigmoid": lambda x: (0.2 * x + 0.5).clamp(0.0, 1.0),
    "sigmoid_hard": lambda x: (0.2 * x + 0.5).clamp(0.0, 1.0),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def activation_named(name: str) -> Activation:
    """The function behind an activation's name."""
    if name.lower() not in _ACTIVATIONS:
        raise ModelFileError("An activation is not known", came=name, allowed=", ".join(_ACTIVATIONS))
    return _ACTIVATIONS[name.lower()]


def directed(x: Tensor, direction: str) -> Tensor:
    """The sequence in the order in which it is processed; results come in that order too."""
    if direction not in ("forward", "reverse"):
        raise ModelFileError("A direction is not known", came=direction, allowed="forward, reverse")
    return x.flip(0) if direction == "reverse" else x
