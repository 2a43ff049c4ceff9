"""``CumProd``: running product along an axis, from either end, with or without the element itself.

Covers version 26 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (26,)


def run(x: Tensor, axis: int, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    if reverse:
        x = torch.flip(x, (axis,))
    if exclusive:
        head = torch.ones_like(x.narrow(axis, 0, 1))
        x = torch.cat([head, x.narrow(axis, 0, sizes(x)[axis] - 1)], axis)
    product = torch.cumprod(x, axis).to(x.dtype)
    return torch.flip(product, (axis,)) if reverse else product
