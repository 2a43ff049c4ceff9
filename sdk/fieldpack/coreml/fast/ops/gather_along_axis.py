"""``gather_along_axis``: ``y[.., i, ..] = x[.., indices[.., i, ..], ..]`` along ``axis``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._index import whole_indices


def translate(call: Call) -> Wire:
    x, indices = call.wire("x"), whole_indices(call, "indices")
    axis = call.integer("axis", 0) % x.rank
    others = [other for other in range(x.rank) if other != axis]
    if any(indices.shape[other] != x.shape[other] for other in others):
        raise call.refuse("has indices of another shape than its data")
    return call.graph.emit("GatherElements", [x, indices], indices.shape, axis=axis)
