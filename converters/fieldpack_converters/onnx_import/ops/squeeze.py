"""``Squeeze``: without axes of size 1, all of them when none is given.

Covers versions 1, 11, 13, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 13, 21, 23, 24, 25)


def run(x: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    shape = sizes(x)
    places = (
        {place for place, size in enumerate(shape) if size == 1}
        if axes is None
        else {axis % len(shape) for axis in axes}
    )
    if any(shape[place] != 1 for place in places):
        raise ValueError(f"axes {axes} of {shape} are not all of size 1")
    return x.reshape([size for place, size in enumerate(shape) if place not in places])
