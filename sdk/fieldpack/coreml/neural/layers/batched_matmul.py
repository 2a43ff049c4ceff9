"""``batchedMatmul``: matrix products over the last two axes; ``BatchedMatMulLayerParams``.

Two inputs stretch over each other and may be transposed; a single one is multiplied by a stored
matrix, which is kept column by column, and a bias is added.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    if site.inputs > 1:
        return lambda a, b: _product(a, b, bool(params.transposeA), bool(params.transposeB))
    shape = [int(params.weightMatrixSecondDimension), int(params.weightMatrixFirstDimension)]
    weight = site.weights(params.weights, shape)
    bias = site.weights(params.bias, shape[:1]) if params.hasBias else None
    return lambda x: F.linear(x, weight, bias)


def _product(a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool) -> Tensor:
    a = a[None] if a.ndim == 1 else a
    b = b[:, None] if b.ndim == 1 else b
    return torch.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)
