"""``local_response_norm``: each element over its neighbour channels.

ONNX counts the odd neighbour of an even ``size`` on the other side, so even sizes are refused.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    x, size = call.wire("x"), call.integer("size")
    if size % 2 == 0 or x.rank != 4:
        raise call.refuse("has an even size, or an input that is no picture")
    numbers = {"alpha": call.number("alpha", 1e-4), "beta": call.number("beta", 0.75)}
    return call.graph.apply("LRN", x, size=size, bias=call.number("k", 1.0), **numbers)
