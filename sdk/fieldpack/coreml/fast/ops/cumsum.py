"""``cumsum``: running sum along ``axis``; ``exclusive`` and ``reverse`` mean the same in ONNX."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    x = call.wire("x")
    axis = call.graph.constant(call.integer("axis", 0) % x.rank, "int64")
    exclusive, reverse = call.flag("exclusive", False), call.flag("reverse", False)
    return call.graph.emit("CumSum", [x, axis], x.shape, exclusive=int(exclusive), reverse=int(reverse))
