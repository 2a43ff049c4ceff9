"""``ScatterND``: slices at index tuples replaced, or joined by sum, product, max or min.

Covers versions 11, 13, 16 and 18 of the operator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.indexing import SCATTERED, flat_places
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (11, 13, 16, 18)


def run(x: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    shape, depth = sizes(x), sizes(indices)[-1]
    rows = math.prod(shape[:depth])
    width = math.prod(shape[depth:])
    flat = flat_places(indices.reshape(-1, depth), shape[:depth]).reshape(-1, 1).expand(-1, width)
    table, new = x.reshape(rows, width), updates.reshape(-1, width)
    if reduction == "none":
        return torch.scatter(table, 0, flat, new).reshape(shape)
    return torch.scatter_reduce(table, 0, flat, new, SCATTERED[reduction]).reshape(shape)
