"""``Slice``: ranges along axes, with steps of either sign.

Ends are clamped to the axis, as in numpy.

Covers versions 1, 10, 11 and 13 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 10, 11, 13)


def run(
    x: Tensor,
    starts: tuple[int, ...],
    ends: tuple[int, ...],
    axes: tuple[int, ...] | None = None,
    steps: tuple[int, ...] | None = None,
) -> Tensor:
    places = axes if axes is not None else tuple(range(len(starts)))
    strides = steps if steps is not None else (1,) * len(starts)
    for start, end, place, step in zip(starts, ends, places, strides, strict=True):
        x = _sliced(x, place % x.dim(), start, end, step)
    return x


def _sliced(x: Tensor, axis: int, start: int, end: int, step: int) -> Tensor:
    chosen = range(*slice(start, end, step).indices(sizes(x)[axis]))
    if len(chosen) == sizes(x)[axis] and step == 1:
        return x
    if step > 0:
        picks = [slice(None)] * axis + [slice(chosen.start, max(chosen.start, chosen.stop), step)]
        return x[tuple(picks)]
    if not chosen:
        return x.narrow(axis, 0, 0)
    lowest, highest = chosen[-1], chosen[0]
    turned = torch.flip(x.narrow(axis, lowest, highest - lowest + 1), (axis,))
    return turned if step == -1 else turned[tuple([slice(None)] * axis + [slice(None, None, -step)])]
