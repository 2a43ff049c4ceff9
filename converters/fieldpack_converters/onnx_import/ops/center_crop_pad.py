"""``CenterCropPad``: axes brought to sizes by cutting or padding with zeros on both sides.

Covers version 18 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (18,)


def run(x: Tensor, shape: tuple[int, ...], *, axes: tuple[int, ...] | None = None) -> Tensor:
    known = sizes(x)
    places = axes if axes is not None else tuple(range(len(known)))
    for place, wanted in zip(places, shape, strict=True):
        size = known[place]
        if wanted <= size:
            x = x.narrow(place, (size - wanted) // 2, wanted)
        else:
            before = (wanted - size) // 2
            x = pad_constant(x, {place % len(known): (before, wanted - size - before)}, 0.0)
    return x
