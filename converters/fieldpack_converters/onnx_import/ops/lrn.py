"""``LRN``: local response normalisation across channels.

Covers versions 1 and 13 of the operator.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 13)


def run(x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Tensor:
    channels = sizes(x)[1]
    squares = (x * x).reshape(sizes(x)[0], 1, channels, -1)
    squares = F.pad(squares, (0, 0, (size - 1) // 2, size - 1 - (size - 1) // 2))
    mean = F.avg_pool2d(squares, (size, 1), stride=1).reshape(sizes(x))
    return x / torch.pow(mean * alpha + bias, beta)
