"""``Range``: numbers from ``start`` by ``delta`` up to, not including, ``limit``.

Covers versions 11 and 27 of the operator.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from fieldpack.errors import UnsupportedError

VERSIONS = (11, 27)


def run(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    count = max(0, math.ceil((limit.item() - start.item()) / delta.item()))
    if start.is_floating_point():
        return start.reshape(()) + torch.arange(count, dtype=start.dtype) * delta.reshape(())
    return torch.arange(count, dtype=start.dtype) * delta.reshape(()) + start.reshape(())


def prepare(arguments: dict[str, Any]) -> dict[str, Any]:
    if not all(isinstance(item, Tensor) for item in arguments.values()):
        raise UnsupportedError(
            "The length of a Range depends on the model's inputs.",
            allowed="ends that weights and shapes alone decide",
            hint="if an input of the file holds an end, fix that input to a constant",
        )
    return arguments
