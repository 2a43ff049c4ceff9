"""``logical_and``, ``logical_or``, ``logical_xor``, ``logical_not``; numbers count as ``x != 0``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = {"logical_and": "And", "logical_not": "Not", "logical_or": "Or", "logical_xor": "Xor"}


def translate(call: Call) -> Wire:
    x = call.graph.cast(call.wire("x"), "bool")
    if call.kind == "logical_not":
        return call.graph.apply("Not", x)
    return call.graph.combine(NAMES[call.kind], x, call.graph.cast(call.wire("y"), "bool"))
