"""``fill``, ``fill_like``, ``shape``, ``range_1d``: what the declared shapes and constants say alone."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("fill", "fill_like", "range_1d", "shape")


def translate(call: Call) -> Wire:
    graph = call.graph
    if call.kind == "shape":
        return graph.constant(call.wire("x").shape, "int32")
    if call.kind == "range_1d":
        start, end, step = (call.constant(name).reshape(()) for name in ("start", "end", "step"))
        return graph.constant(np.arange(start, end, step), start.dtype.name)
    value = call.maybe("value") or graph.constant(0, "float32")
    target = graph.constant(call.declared, "int64")
    return graph.emit("Expand", [graph.reshape(value, ()), target], call.declared)
