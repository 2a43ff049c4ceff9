"""``one_hot``: ``on_value`` at the index, ``off_value`` elsewhere, along a new ``axis``.

An index outside ``0 .. size - 1`` gives ``off_value`` everywhere, where ONNX counts from the end.
"""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._index import whole_indices


def translate(call: Call) -> Wire:
    graph, indices, size = call.graph, whole_indices(call, "indices"), call.integer("one_hot_vector_size")
    axis = call.integer("axis", -1) % (indices.rank + 1)
    apart = graph.reshape(indices, (*indices.shape[:axis], 1, *indices.shape[axis:]))
    numbers = graph.constant(np.arange(size).reshape(-1, *(1,) * (indices.rank - axis)), "int64")
    hit = graph.combine("Equal", apart, numbers, "bool")
    values = [
        graph.constant(call.number(n, d), "float32") for n, d in (("on_value", 1.0), ("off_value", 0.0))
    ]
    return graph.emit("Where", [hit, *values], hit.shape, "float32")
