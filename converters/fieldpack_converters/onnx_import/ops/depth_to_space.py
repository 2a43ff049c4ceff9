"""``DepthToSpace``: blocks of channels to blocks of pixels, in the orders DCR and CRD.

DCR is CRD after a change of the channels' order, which keeps every tensor at rank four or five.

Covers versions 1, 11, 13 and 28 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 13, 28)


def run(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    if mode == "DCR":
        batch, channels, height, width = sizes(x)
        deep = channels // blocksize**2
        x = x.reshape(batch, blocksize**2, deep, height * width).transpose(1, 2)
        x = x.reshape(batch, channels, height, width)
    return F.pixel_shuffle(x, blocksize)
