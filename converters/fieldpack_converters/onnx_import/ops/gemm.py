"""``Gemm``: alpha * A' B' + beta * C, A and B transposed where asked.

Covers versions 9, 11 and 13 of the operator.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

VERSIONS = (9, 11, 13)


def run(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803 (the specification's names)
    transB: int = 0,  # noqa: N803
) -> Tensor:
    left = a.T if transA else a
    if alpha == beta == 1.0 and transB and (c is None or c.dim() == 1):
        return F.linear(left, b, c)
    product = torch.matmul(left, b.T if transB else b)
    product = product if alpha == 1.0 else product * alpha
    return product if c is None else product + (c if beta == 1.0 else c * beta)
