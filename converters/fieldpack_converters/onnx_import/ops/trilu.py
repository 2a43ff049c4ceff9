"""``Trilu``: the upper or lower triangle of matrices, from the k-th diagonal; zero elsewhere.

Covers version 14 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (14,)


def run(x: Tensor, k: int = 0, *, upper: int = 1) -> Tensor:
    rows, columns = sizes(x)[-2:]
    places = torch.arange(columns).reshape(1, -1) - torch.arange(rows).reshape(-1, 1)
    return torch.where(places >= k if upper else places <= k, x, torch.zeros_like(x))
