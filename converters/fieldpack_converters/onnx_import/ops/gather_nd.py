"""``GatherND``: slices at index tuples, after ``batch_dims`` common axes.

Covers versions 11, 12 and 13 of the operator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.indexing import flat_places
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (11, 12, 13)


def run(x: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    shape, wanted = sizes(x), sizes(indices)
    depth, common = wanted[-1], math.prod(shape[:batch_dims])
    inner = shape[batch_dims : batch_dims + depth]
    flat = flat_places(indices.reshape(common, -1, depth), inner)
    flat = flat + torch.arange(common).reshape(-1, 1) * math.prod(inner)
    rest = shape[batch_dims + depth :]
    taken = torch.index_select(x.reshape((-1, *rest)), 0, flat.reshape(-1))
    return taken.reshape((*wanted[:-1], *rest))
