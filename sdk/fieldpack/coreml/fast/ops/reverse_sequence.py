"""``reverse_sequence``: the first ``lengths[i]`` elements along ``seq_axis`` turned round."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._index import whole_indices


def translate(call: Call) -> Wire:
    x = call.wire("x")
    time, batch = (call.integer(name, 0) % x.rank for name in ("seq_axis", "batch_axis"))
    if {time, batch} != {0, 1}:
        raise call.refuse("turns other axes than the first two")
    parts = [x, whole_indices(call, "lengths")]
    return call.graph.emit("ReverseSequence", parts, x.shape, time_axis=time, batch_axis=batch)
