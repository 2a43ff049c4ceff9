"""``scaled_dot_product_attention``: ``softmax(Q K^T / sqrt(E) + mask) V``.

A bool mask keeps where it is true; a float mask is added.
"""

from __future__ import annotations

import math

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops.matmul import product, turned


def translate(call: Call) -> Wire:
    graph = call.graph
    query, key, value = (call.wire(name) for name in ("query", "key", "value"))
    scale = graph.constant(1 / math.sqrt(query.shape[-1]), "float32")
    scores = product(graph, graph.combine("Mul", query, scale), turned(graph, key, True))
    mask = call.maybe("attn_mask")
    if mask is not None and mask.dtype == "bool":
        low = graph.constant(-math.inf, "float32")
        scores = graph.emit("Where", [mask, scores, low], scores.shape, "float32")
    elif mask is not None:
        scores = graph.combine("Add", scores, graph.cast(mask, "float32"))
    return product(graph, graph.apply("Softmax", scores, axis=-1), value)
