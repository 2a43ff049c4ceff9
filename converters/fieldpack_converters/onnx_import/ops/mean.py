"""``Mean``: mean of any number of tensors by element, broadcast.

Covers versions 8 and 13 of the operator.
"""

from __future__ import annotations

from torch import Tensor

VERSIONS = (8, 13)


def run(*inputs: Tensor) -> Tensor:
    result = inputs[0]
    for value in inputs[1:]:
        result = result + value
    return result / len(inputs)
