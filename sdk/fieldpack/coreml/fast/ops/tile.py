"""``tile``: ``reps[i]`` copies of ``x`` along axis ``i``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    x, reps = call.wire("x"), call.ints("reps")
    shape = [size * count for size, count in zip(x.shape, reps, strict=True)]
    return call.graph.emit("Tile", [x, call.graph.constant(reps, "int64")], shape)
