"""``TopK``: the k largest or smallest elements along an axis and their indices; of equal ones the first.

Covers versions 1, 10, 11 and 24 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import recording

VERSIONS = (1, 10, 11, 24)


def run(
    x: Tensor, k: tuple[int, ...], *, axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[Tensor, Tensor]:
    count = int(k[0])
    if recording():
        found = torch.topk(x, count, axis, bool(largest), bool(sorted))
        return found.values, found.indices
    ordered = torch.sort(x, dim=axis, descending=bool(largest), stable=True)
    return ordered.values.narrow(axis, 0, count), ordered.indices.narrow(axis, 0, count)
