"""Resizing: where the output cells sample the input, and how a sample is taken.

Sampling modes of the specification, for ``n`` input and ``m`` output cells on one axis:

* ``STRICT_ALIGN_CORNERS``: ``i * (n - 1) / (m - 1)``
* ``ALIGN_CORNERS``: the same, but ``(n - 1) / 2`` for a single output cell
* ``DEFAULT``: ``i * (n - n / m) / (m - 1)``, that is ``i * n / m``
* ``OFFSET_CORNERS``: ``(i + 1 / 2) * max(1, n - 1) / m``
* ``UNALIGN_CORNERS``: ``(i + 1 / 2) * n / m - 1 / 2``

All are held within ``0 .. n - 1``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

MODES = ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS", "UNALIGN_CORNERS")


def sample_points(size: int, target: int, mode: str) -> Tensor:
    """Sampled input positions ``[target]``, float64, within the input."""
    return _points(float(size), target, mode).clamp(0.0, float(size - 1))


def box_points(span: Tensor, target: int, mode: str) -> Tensor:
    """Positions ``[target]``, float64, over a box from ``span[0]`` to ``span[1]``, ends included."""
    first, last = map(float, span)
    return _points(last - first + 1.0, target, mode) + first


def _points(size: float, target: int, mode: str) -> Tensor:
    steps = torch.arange(target, dtype=torch.float64)
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        points = steps * ((size - 1) / (target - 1) if target > 1 else 0.0)
        if target == 1 and mode == "ALIGN_CORNERS":
            points = points + (size - 1) / 2
    elif mode == "DEFAULT":
        points = steps * (size / target)
    elif mode == "OFFSET_CORNERS":
        points = (steps + 0.5) * (max(1.0, size - 1) / target)
    elif mode == "UNALIGN_CORNERS":
        points = (steps + 0.5) * (size / target) - 0.5
    else:
        raise ModelFileError("Unknown sampling mode", came=mode, allowed=", ".join(MODES))
    return points


def resize_linear(x: Tensor, axis: int, target: int, mode: str) -> Tensor:
    """Linear interpolation along one axis."""
    bounded((*x.shape[:axis], target, *x.shape[axis + 1 :]))
    if target == x.shape[axis] and mode != "OFFSET_CORNERS":
        return x
    points = sample_points(x.shape[axis], target, mode)
    low = points.floor().long()
    high = (low + 1).clamp(max=x.shape[axis] - 1)
    shape = [1] * x.ndim
    shape[axis] = target
    part = (points - low).to(x.dtype if x.is_floating_point() else torch.float32).reshape(shape)
    return torch.lerp(
        x.index_select(axis, low).to(part.dtype), x.index_select(axis, high).to(part.dtype), part
    )


def resize_nearest(x: Tensor, axis: int, target: int, mode: str) -> Tensor:
    """The input cell nearest to each sampled position along one axis, the upper one at a tie."""
    bounded((*x.shape[:axis], target, *x.shape[axis + 1 :]))
    points = sample_points(x.shape[axis], target, mode)
    return x.index_select(axis, (points + 0.5).floor().long().clamp(max=x.shape[axis] - 1))


def repeat_nearest(x: Tensor, axis: int, target: int) -> Tensor:
    """The input cell that covers each output cell, ``floor(i * n / m)``."""
    bounded((*x.shape[:axis], target, *x.shape[axis + 1 :]))
    size = x.shape[axis]
    return x.index_select(axis, (torch.arange(target) * size) // target)
