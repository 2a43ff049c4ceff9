"""``select``: ``a where cond else b``, with broadcasting."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._numbers import alike


def translate(call: Call) -> Wire:
    cond, a, b = call.graph.cast(call.wire("cond"), "bool"), call.wire("a"), call.wire("b")
    if a.dtype != b.dtype or a.dtype == "bool":
        a, b = alike(call.graph, a, b)
    shape = np.broadcast_shapes(cond.shape, a.shape, b.shape)
    return call.graph.emit("Where", [cond, a, b], shape, a.dtype)
