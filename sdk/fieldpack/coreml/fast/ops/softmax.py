"""``softmax``: ``e ^ x / sum(e ^ x)`` along ``axis``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    x = call.wire("x")
    return call.graph.apply("Softmax", x, axis=call.integer("axis", -1) % x.rank)
