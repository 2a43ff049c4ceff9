"""Resizing one axis: where the output cells sample the input, and how a sample is taken.

Sampling modes of the specification, for ``n`` input and ``m`` output cells on one axis, all held
within ``0 .. n - 1``:

* ``STRICT_ALIGN_CORNERS``: ``i * (n - 1) / (m - 1)``, 0 for a single output cell
* ``ALIGN_CORNERS``: the same, but ``(n - 1) / 2`` for a single output cell
* ``DEFAULT``: ``i * n / m``
* ``OFFSET_CORNERS``: ``(i + 1 / 2) * max(1, n - 1) / m``
* ``UNALIGN_CORNERS``: ``(i + 1 / 2) * n / m - 1 / 2``

ONNX ``Resize`` computes positions in float32; it is used where they come out the same, and reading
both neighbours with written indices and weights elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire

#: Sampling mode -> name of ONNX ``Resize`` for it.
_ONNX_MODES = {
    "STRICT_ALIGN_CORNERS": "align_corners",
    "ALIGN_CORNERS": "align_corners",
    "DEFAULT": "asymmetric",
    "UNALIGN_CORNERS": "half_pixel",
}


def sample_points(call: Call, n: int, m: int, mode: str) -> NDArray[np.float64]:
    """Sampled positions ``[m]`` within the input."""
    i = np.arange(m, dtype=np.float64)
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        centre = (n - 1) / 2 if mode == "ALIGN_CORNERS" else 0.0
        points = i * (n - 1) / (m - 1) if m > 1 else np.full(m, centre)
    elif mode == "DEFAULT":
        points = i * (n / m)
    elif mode == "OFFSET_CORNERS":
        points = (i + 0.5) * (max(1, n - 1) / m)
    elif mode == "UNALIGN_CORNERS":
        points = (i + 0.5) * (n / m) - 0.5
    else:
        raise call.refuse(f"samples by {mode!r}")
    return np.clip(points, 0.0, n - 1)


def resize_linear(call: Call, x: Wire, targets: dict[int, int], mode: str) -> Wire:
    """Linear interpolation along some axes to the sizes ``targets``."""
    points = {axis: sample_points(call, x.shape[axis], m, mode) for axis, m in targets.items()}
    if x.rank == 4 and set(targets) == {2, 3} and _in_float32(x, targets, points, mode):
        return _onnx_resize(call.graph, x, targets, "linear", _ONNX_MODES[mode])
    for axis, places in points.items():
        x = _interpolated(call.graph, x, axis, places)
    return x


def resize_nearest(call: Call, x: Wire, targets: dict[int, int], mode: str) -> Wire:
    """The input cell nearest to each sampled position, the upper one at a tie."""
    for axis, m in targets.items():
        n = x.shape[axis]
        places = np.floor(sample_points(call, n, m, mode) + 0.5).astype(np.int64)
        x = _picked(call.graph, x, axis, np.minimum(places, n - 1))
    return x


def repeat_nearest(call: Call, x: Wire, targets: dict[int, int]) -> Wire:
    """The input cell that covers each output cell, ``floor(i * n / m)``."""
    whole = all(m % x.shape[axis] == 0 for axis, m in targets.items())
    if whole and x.rank == 4 and set(targets) == {2, 3}:
        return _onnx_resize(call.graph, x, targets, "nearest", "asymmetric")
    for axis, m in targets.items():
        x = _picked(call.graph, x, axis, np.arange(m) * x.shape[axis] // m)
    return x


def _onnx_resize(graph: Graph, x: Wire, targets: dict[int, int], kind: str, mode: str) -> Wire:
    shape = [targets.get(axis, size) for axis, size in enumerate(x.shape)]
    sizes = graph.constant(shape, "int64")
    return graph.emit(
        "Resize",
        [x, None, None, sizes],
        shape,
        mode=kind,
        coordinate_transformation_mode=mode,
        nearest_mode="floor",
    )


def _in_float32(x: Wire, targets: dict[int, int], points: dict[int, NDArray[Any]], mode: str) -> bool:
    """Whether positions computed in float32, as ONNX does, are those of the specification."""
    if mode not in _ONNX_MODES:
        return False
    for axis, m in targets.items():
        n, i = x.shape[axis], np.arange(m, dtype=np.float32)
        scale = np.float32(m) / np.float32(n)
        if mode == "UNALIGN_CORNERS":
            found = (i + np.float32(0.5)) / scale - np.float32(0.5)
        elif mode == "DEFAULT":
            found = i / scale
        else:
            found = i * np.float32(n - 1) / np.float32(max(1, m - 1))
        if not np.allclose(np.clip(found, 0, n - 1), points[axis], rtol=0, atol=1e-6):
            return False
    return True


def _interpolated(graph: Graph, x: Wire, axis: int, places: NDArray[np.float64]) -> Wire:
    low = np.floor(places).astype(np.int64)
    high = np.minimum(low + 1, x.shape[axis] - 1)
    x = graph.cast(x, "float32")
    if np.array_equal(low, places):
        return _picked(graph, x, axis, low)
    below, above = _picked(graph, x, axis, low), _picked(graph, x, axis, high)
    part = graph.constant((places - low).reshape(-1, *(1,) * (x.rank - 1 - axis)), "float32")
    step = graph.combine("Mul", graph.combine("Sub", above, below), part)
    return graph.combine("Add", below, step)


def _picked(graph: Graph, x: Wire, axis: int, places: NDArray[np.int64]) -> Wire:
    if np.array_equal(places, np.arange(x.shape[axis])):
        return x
    return graph.take(x, graph.constant(places, "int64"), axis)
