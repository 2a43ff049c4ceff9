"""``Constant``: a tensor that stands in the node.

Covers versions 9, 11, 12, 13, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 11, 12, 13, 19, 21, 23, 24, 25)


def run(
    *,
    value: Tensor | None = None,
    value_float: float | None = None,
    value_floats: tuple[float, ...] | None = None,
    value_int: int | None = None,
    value_ints: tuple[int, ...] | None = None,
) -> Tensor:
    if value is not None:
        return value
    if value_int is not None or value_ints is not None:
        return torch.tensor(value_ints if value_int is None else value_int, dtype=torch.int64)
    return torch.tensor(value_floats if value_float is None else value_float, dtype=torch.float32)
