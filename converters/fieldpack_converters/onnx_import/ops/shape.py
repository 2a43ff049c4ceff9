"""``Shape``: the sizes of its input from ``start`` to ``end``.

Covers versions 1, 13, 15, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 13, 15, 19, 21, 23, 24, 25)
SHAPE_ONLY = True


def run(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(sizes(x)[start:end], dtype=torch.int64)
