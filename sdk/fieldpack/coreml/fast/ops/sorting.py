"""``topk`` and ``argsort``: elements in order along an axis; of equal ones the first comes first.

Both results of ``topk`` are given; the program declares the second one where it wants it.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("argsort", "topk")


def translate(call: Call) -> Wire | tuple[Wire, ...]:
    x = call.wire("x")
    axis = call.integer("axis", -1) % x.rank
    count = -1 if call.kind == "argsort" else call.integer("k", 1)
    count = x.shape[axis] if count == -1 else count
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    values, indices = call.graph.emit_many(
        "TopK",
        [x, call.graph.constant([count], "int64")],
        [(x.dtype, shape), ("int64", shape)],
        axis=axis,
        largest=int(not call.flag("ascending", False)),
        sorted=1,
    )
    return indices if call.kind == "argsort" else (values, indices)
