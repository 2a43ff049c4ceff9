"""``ReverseSequence``: the first elements of every batch entry in reverse order, so many as its length says.

Covers versions 10 and 28 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (10, 28)


def run(x: Tensor, sequence_lens: tuple[int, ...], *, batch_axis: int = 1, time_axis: int = 0) -> Tensor:
    shape = sizes(x)
    order = torch.arange(shape[time_axis]).repeat(shape[batch_axis], 1)
    for row, length in enumerate(sequence_lens):
        order[row, :length] = torch.arange(length - 1, -1, -1)
    turned = order if batch_axis < time_axis else order.T
    places = turned.reshape(
        [size if place in (batch_axis, time_axis) else 1 for place, size in enumerate(shape)]
    )
    return torch.gather(x, time_axis, places.expand(shape))
