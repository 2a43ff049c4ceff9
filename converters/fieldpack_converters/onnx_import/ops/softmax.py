"""``Softmax``: softmax along one axis.

Before opset 13 over all axes from ``axis`` on, together.

Covers versions 1, 11 and 13 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 13)


def run(x: Tensor, *, opset: int, axis: int | None = None) -> Tensor:
    if opset >= 13:
        return F.softmax(x, -1 if axis is None else axis)
    shape = sizes(x)
    first = (1 if axis is None else axis) % max(1, len(shape))
    if first == len(shape) - 1:
        return F.softmax(x, first)
    return F.softmax(x.flatten(first), first).reshape(shape)
