"""``gather_nd``: slices of ``x`` at index vectors (last axis of ``indices``); ``batch_dims`` axes in step."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._index import whole_indices


def translate(call: Call) -> Wire:
    x, indices, batch_dims = call.wire("x"), whole_indices(call, "indices"), call.integer("batch_dims", 0)
    shape = (*indices.shape[:-1], *x.shape[batch_dims + indices.shape[-1] :])
    return call.graph.emit("GatherND", [x, indices], shape, batch_dims=batch_dims)
