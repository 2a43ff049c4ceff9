"""``EyeLike``: ones on the k-th diagonal of a matrix of the input's shape.

Covers versions 9 and 22 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.element_type import torch_type
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (9, 22)
SHAPE_ONLY = True


def run(x: Tensor, *, dtype: int | None = None, k: int = 0) -> Tensor:
    rows, columns = sizes(x)
    places = torch.arange(columns).reshape(1, -1) - torch.arange(rows).reshape(-1, 1)
    return (places == k).to(x.dtype if dtype is None else torch_type(dtype, "the result of EyeLike"))
