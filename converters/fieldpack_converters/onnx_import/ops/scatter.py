"""``Scatter``: the old name of ``ScatterElements``, without a reduction.

Covers versions 9 and 11 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.indexing import from_start
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (9, 11)


def run(x: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0) -> Tensor:
    return torch.scatter(x, axis, from_start(indices, sizes(x)[axis]), updates)
