"""``gather``: slices of ``x`` along ``axis`` at ``indices``; the first ``batch_dims`` axes go in step.

The result has the shape ``x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1:]``;
negative indices count from the end. With batches, rows of all batches are numbered through.
"""

from __future__ import annotations

import math

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._index import from_the_end, whole_indices


def translate(call: Call) -> Wire:
    graph, x, indices = call.graph, call.wire("x"), whole_indices(call, "indices")
    axis, batch_dims = call.integer("axis", 0) % max(1, x.rank), call.integer("batch_dims", 0)
    if batch_dims == 0:
        return graph.take(x, indices, axis)
    batch, between, size = x.shape[:batch_dims], x.shape[batch_dims:axis], x.shape[axis]
    rest, wanted = x.shape[axis + 1 :], indices.shape[batch_dims:]
    order = [*range(batch_dims), axis, *range(batch_dims, axis), *range(axis + 1, x.rank)]
    rows = graph.reshape(graph.transpose(x, order), (math.prod(batch) * size, *between, *rest))
    starts = np.arange(math.prod(batch)).reshape(*batch, *(1,) * len(wanted)) * size
    places = graph.combine("Add", from_the_end(graph, indices, size), graph.constant(starts, "int64"))
    taken = graph.take(rows, places, 0)
    first, middle = batch_dims + len(wanted), batch_dims + len(wanted) + len(between)
    back = [*range(batch_dims), *range(first, middle), *range(batch_dims, first), *range(middle, taken.rank)]
    return graph.transpose(taken, back)
