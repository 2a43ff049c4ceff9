"""Indices that a program computes: as int64, and counted from the front.

Up to iOS16 a negative index counts from the end. From iOS17 ``validate_indices`` says what an index
out of bounds means: an error, or an update that changes nothing.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire


def whole_indices(call: Call, name: str) -> Wire:
    """The input as int64."""
    return call.graph.cast(call.wire(name), "int64")


def from_the_end(graph: Graph, indices: Wire, size: int) -> Wire:
    """Negative indices with ``size`` added."""
    zero = graph.constant(0, "int64")
    moved = graph.combine("Add", indices, graph.constant(size, "int64"))
    below = graph.combine("Less", indices, zero, "bool")
    return graph.emit("Where", [below, moved, indices], indices.shape, "int64")


def inside(graph: Graph, indices: Wire, size: int) -> Wire:
    """Whether each index names an element of an axis of ``size``."""
    low = graph.combine("GreaterOrEqual", indices, graph.constant(0, "int64"), "bool")
    high = graph.combine("Less", indices, graph.constant(size, "int64"), "bool")
    return graph.combine("And", low, high)
