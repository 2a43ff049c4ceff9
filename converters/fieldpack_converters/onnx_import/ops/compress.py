"""``Compress``: slices along an axis where a known condition holds; of all elements when no axis is given.

Covers versions 9, 11 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 11, 28)


def run(x: Tensor, condition: tuple[bool, ...], *, axis: int | None = None) -> Tensor:
    chosen = torch.tensor([place for place, kept in enumerate(condition) if kept], dtype=torch.int64)
    return torch.index_select(x.reshape(-1) if axis is None else x, axis or 0, chosen)
