"""``slice_update``: ``x`` with the elements that ``slice_by_index`` would take replaced by ``update``."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops.slicing import index_ranges


def translate(call: Call) -> Wire:
    graph, x, update = call.graph, call.wire("x"), call.wire("update")
    ranges, _ = index_ranges(call, x)
    places = np.arange(np.prod(x.shape)).reshape(x.shape)[np.ix_(*ranges)].reshape(-1)
    new = graph.reshape(graph.cast(update, x.dtype), places.shape)
    flat = graph.reshape(x, (int(np.prod(x.shape)),))
    changed = graph.emit("ScatterElements", [flat, graph.constant(places, "int64"), new], flat.shape, axis=0)
    return graph.reshape(changed, x.shape)
