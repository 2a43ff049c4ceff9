"""``matmul``: batched matrix product with broadcasting.

``transpose_x`` and ``transpose_y`` swap the last two axes first; they do nothing to a vector.
"""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire
from fieldpack.coreml.fast.ops._numbers import pair


def translate(call: Call) -> Wire:
    x, y = pair(call)
    x = turned(call.graph, x, call.flag("transpose_x", False))
    y = turned(call.graph, y, call.flag("transpose_y", False))
    return product(call.graph, x, y)


def turned(graph: Graph, x: Wire, swap: bool) -> Wire:
    """The wire with its last two axes swapped, where it has two and ``swap`` says so."""
    if not swap or x.rank < 2:
        return x
    return graph.transpose(x, [*range(x.rank - 2), x.rank - 1, x.rank - 2])


def product(graph: Graph, x: Wire, y: Wire) -> Wire:
    """Matrix product; the axis that a vector was given is dropped again."""
    rows, columns = x.shape[-2:-1], y.shape[-1:] if y.rank > 1 else ()
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return graph.emit("MatMul", [x, y], (*batch, *rows, *columns))
