"""``ScatterElements``: single elements along an axis replaced, or joined by sum, product, max or min.

Covers versions 11, 13, 16 and 18 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.indexing import SCATTERED, from_start
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (11, 13, 16, 18)


def run(x: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none") -> Tensor:
    places = from_start(indices, sizes(x)[axis])
    if reduction == "none":
        return torch.scatter(x, axis, places, updates)
    return torch.scatter_reduce(x, axis, places, updates, SCATTERED[reduction])
