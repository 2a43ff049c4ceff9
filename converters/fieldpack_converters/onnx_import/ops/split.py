"""``Split``: parts along an axis: of the sizes ``split``, else ``num_outputs`` of equal size, the last
smaller.

Covers versions 2, 11, 13 and 18 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (2, 11, 13, 18)


def run(
    x: Tensor,
    split: tuple[int, ...] | None = None,
    *,
    outputs: int,
    axis: int = 0,
    num_outputs: int | None = None,
) -> tuple[Tensor, ...]:
    size = sizes(x)[axis]
    count = num_outputs or outputs
    if split is None:
        part = -(-size // count)
        split = tuple(max(0, min(part, size - part * place)) for place in range(count))
    if sum(split) != size:
        raise ValueError(f"parts {split} do not add up to {size}")
    return tuple(torch.split(x, list(split), axis))
