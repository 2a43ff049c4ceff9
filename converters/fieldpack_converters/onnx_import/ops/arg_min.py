"""``ArgMin``: index of the smallest element along an axis, the first of equal ones or the last.

Covers versions 1, 11, 12 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 12, 13)


def run(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
    if not select_last_index:
        return torch.argmin(x, axis, keepdim=bool(keepdims))
    turned = torch.flip(x, (axis,))
    return sizes(x)[axis] - 1 - torch.argmin(turned, axis, keepdim=bool(keepdims))
