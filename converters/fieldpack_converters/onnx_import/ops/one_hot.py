"""``OneHot``: the on value at each index along a new axis, else the off value.

An index outside -depth..depth-1 gives off values only.

Covers versions 9, 11 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (9, 11, 28)


def run(indices: Tensor, depth: tuple[float, ...], values: Tensor, *, axis: int = -1) -> Tensor:
    count, rank = int(depth[0]), indices.dim() + 1
    place = axis % rank
    wanted = indices.to(torch.int64)
    wanted = torch.where(wanted < 0, wanted + count, wanted).unsqueeze(place)
    order = torch.arange(count).reshape([-1 if number == place else 1 for number in range(rank)])
    return torch.where(wanted == order, values[1], values[0])
