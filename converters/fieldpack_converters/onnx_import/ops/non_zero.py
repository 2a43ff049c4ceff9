"""``NonZero``: indices of the elements that are not zero, [rank, count]; of known values only.

Covers versions 9 and 13 of the operator.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.errors import UnsupportedError

VERSIONS = (9, 13)


def run(x: Tensor) -> Tensor:
    return torch.nonzero(x).T.contiguous()


def prepare(arguments: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(arguments["x"], Tensor):
        raise UnsupportedError(
            "The number of results of NonZero depends on the model's inputs.",
            allowed="NonZero of values that weights and shapes alone decide",
            hint="export the model without it, for example with Where in its place",
        )
    return arguments
