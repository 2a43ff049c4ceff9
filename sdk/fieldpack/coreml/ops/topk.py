"""``topk``: the ``k`` greatest elements along ``axis`` and their indices, iOS15; iOS16 adds ``sort`` and
``return_indices``, iOS17 ``output_indices_dtype``.

``ascending`` gives the ``k`` least ones, ``k = -1`` all. Of equal elements the first comes first.
The result is always sorted, which an unsorted one may be.
"""

from __future__ import annotations

import torch
from torch import Tensor


def run(
    x: Tensor,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> tuple[Tensor, ...]:
    count = x.shape[axis] if k == -1 else k
    values, indices = torch.sort(x, dim=axis, descending=not ascending, stable=True)
    found = (values.narrow(axis, 0, count), indices.narrow(axis, 0, count))
    return found if return_indices else found[:1]
