"""``scatter``, ``scatter_nd``, ``scatter_along_axis``: rows of ``data`` changed by ``updates``.

All three are brought to rows on axis 0 and written with ``ScatterElements``, which goes through the
updates in order (the last of equal indices wins), where ``ScatterND`` may run them side by side.
``sub`` adds the negative; ``div`` is refused, since ONNX cannot divide in order. An update that is
out of bounds and not checked goes to a row of its own that is cut off at the end.
"""

from __future__ import annotations

import math

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire
from fieldpack.coreml.fast.ops._index import from_the_end, inside, whole_indices

NAMES = ("scatter", "scatter_along_axis", "scatter_nd")
_REDUCTIONS = {"update": "none", "add": "add", "sub": "add", "mul": "mul", "max": "max", "min": "min"}


def translate(call: Call) -> Wire:
    graph, data = call.graph, call.wire("data")
    updates = graph.cast(call.wire("updates"), data.dtype)
    if call.kind == "scatter_nd":
        return _vectors(call, data, updates)
    axis, indices = call.integer("axis", 0) % data.rank, whole_indices(call, "indices")
    order = [axis, *(other for other in range(data.rank) if other != axis)]
    turned = graph.transpose(data, order)
    if call.kind == "scatter_along_axis":
        if any(indices.shape[other] != data.shape[other] for other in order[1:]):
            raise call.refuse("has indices of another shape than its data")
        places, new = graph.transpose(indices, order), graph.transpose(updates, order)
    else:
        width = indices.rank
        front = [*range(axis, axis + width), *range(axis), *range(axis + width, updates.rank)]
        count = math.prod(indices.shape)
        new = graph.reshape(graph.transpose(updates, front), (count, *turned.shape[1:]))
        column = graph.reshape(indices, (count, *(1,) * (data.rank - 1)))
        places = _spread(graph, column, new.shape)
    return graph.transpose(_scatter(call, turned, places, new), np.argsort(order).tolist())


def _vectors(call: Call, data: Wire, updates: Wire) -> Wire:
    """``scatter_nd``: index vectors into one number a row."""
    graph, indices = call.graph, whole_indices(call, "indices")
    depth = indices.shape[-1]
    leading, rest = data.shape[:depth], data.shape[depth:]
    count, width = math.prod(indices.shape[:-1]), math.prod(rest)
    parts = [
        graph.reshape(graph.cut(indices, {indices.rank - 1: range(place, place + 1)}), (count, 1))
        for place in range(depth)
    ]
    if call.has("validate_indices"):
        raise call.refuse("has index vectors with bounds to check")
    rows = graph.constant(np.zeros((count, 1)), "int64")
    for size, part in zip(leading, parts, strict=True):
        scaled = graph.combine("Mul", rows, graph.constant(size, "int64"))
        rows = graph.combine("Add", scaled, from_the_end(graph, part, size))
    flat = graph.reshape(data, (math.prod(leading), width))
    places = _spread(graph, rows, (count, width))
    return graph.reshape(_scatter(call, flat, places, graph.reshape(updates, (count, width))), data.shape)


def _spread(graph: Graph, column: Wire, shape: tuple[int, ...]) -> Wire:
    """The column repeated over ``shape``."""
    return graph.emit("Expand", [column, graph.constant(shape, "int64")], shape)


def _scatter(call: Call, data: Wire, places: Wire, updates: Wire) -> Wire:
    graph, mode = call.graph, call.text("mode", "add")
    if mode not in _REDUCTIONS or data.dtype not in ("float32", "int32"):
        raise call.refuse(f"combines by {mode!r}, or elements of type {data.dtype}")
    if mode == "sub":
        updates = graph.apply("Neg", updates)
    size = data.shape[0]
    lenient = call.has("validate_indices") and not call.flag("validate_indices")
    if call.has("validate_indices"):
        # The row behind the last one: a spare row, or, where bounds are checked, an error.
        behind = graph.constant(size, "int64")
        held = inside(graph, places, size)
        places = graph.emit("Where", [held, places, behind], places.shape, "int64")
    if lenient:
        data = graph.surround(data, [(0, 1), *((0, 0) for _ in data.shape[1:])])
    made = graph.emit(
        "ScatterElements", [data, places, updates], data.shape, axis=0, reduction=_REDUCTIONS[mode]
    )
    return graph.cut(made, {0: range(size)})
