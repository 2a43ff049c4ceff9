"""``Gather``: slices along an axis at indices; negative ones count from the end.

Covers versions 1, 11 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.indexing import from_start
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 13)


def run(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    shape, wanted = sizes(x), sizes(indices)
    place = axis % len(shape)
    if not wanted:
        indices = indices.reshape(1)
    taken = torch.index_select(x, place, from_start(indices, shape[place]).reshape(-1))
    return taken.reshape((*shape[:place], *wanted, *shape[place + 1 :]))
