"""``l2_norm``: ``x / sqrt(sum(x ^ 2) + epsilon)`` over the last three axes."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    graph, x = call.graph, call.wire("x")
    axes = graph.constant([x.rank - 3, x.rank - 2, x.rank - 1], "int64")
    total = graph.emit("ReduceSumSquare", [x, axes], (*x.shape[:-3], 1, 1, 1), keepdims=1)
    shifted = graph.combine("Add", total, graph.constant(call.number("epsilon", 1e-6), "float32"))
    return graph.combine("Div", x, graph.apply("Sqrt", shifted))
