"""``Hardmax``: 1 at the first largest element along an axis, else 0.

Before opset 13 over all axes from ``axis`` on, together.

Covers versions 1, 11 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 13)


def run(x: Tensor, *, opset: int, axis: int | None = None) -> Tensor:
    shape = sizes(x)
    if opset >= 13:
        return _hardmax(x, (-1 if axis is None else axis) % len(shape))
    first = (1 if axis is None else axis) % max(1, len(shape))
    return _hardmax(x.flatten(first), first).reshape(shape)


def _hardmax(x: Tensor, axis: int) -> Tensor:
    order = torch.arange(sizes(x)[axis]).reshape([-1 if i == axis else 1 for i in range(len(sizes(x)))])
    return (torch.argmax(x, axis, keepdim=True) == order).to(x.dtype)
