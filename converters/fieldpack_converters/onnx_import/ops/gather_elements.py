"""``GatherElements``: elements along an axis, an index for each of the result.

Covers versions 11 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.indexing import from_start
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (11, 13)


def run(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    return torch.gather(x, axis, from_start(indices, sizes(x)[axis]))
