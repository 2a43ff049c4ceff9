"""``SpaceToDepth``: blocks of pixels to channels, in the orders DCR (the position in the block first) and
CRD.

Covers versions 1, 13 and 28 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 13, 28)


def run(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    batch, channels, height, width = sizes(x)
    parts = F.pixel_unshuffle(x, blocksize)
    if mode == "CRD":
        return parts
    parts = parts.reshape(batch, channels, blocksize**2, -1).transpose(1, 2)
    return parts.reshape(batch, channels * blocksize**2, height // blocksize, width // blocksize)
