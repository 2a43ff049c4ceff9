"""``Expand``: broadcast to a shape; a size of 1 keeps the input's.

Covers versions 8 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (8, 13)


def run(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.expand(torch.broadcast_shapes(sizes(x), shape))
