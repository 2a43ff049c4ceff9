"""``Unsqueeze``: with new axes of size 1, numbered as in the result.

Covers versions 1, 11, 13, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 13, 21, 23, 24, 25)


def run(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    rank = len(sizes(x)) + len(axes)
    places = {axis % rank for axis in axes}
    if len(places) != len(axes) or any(not -rank <= axis < rank for axis in axes):
        raise ValueError(f"axes {axes} are no {len(axes)} different axes of a result of rank {rank}")
    old = iter(sizes(x))
    return x.reshape([1 if place in places else next(old) for place in range(rank)])
