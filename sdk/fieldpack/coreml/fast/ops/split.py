"""``split``: ``x`` cut along ``axis``, into ``num_splits`` equal parts or by ``split_sizes``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.errors import ModelFileError


def translate(call: Call) -> tuple[Wire, ...]:
    x = call.wire("x")
    axis = call.integer("axis") % x.rank
    if call.has("split_sizes"):
        sizes = call.ints("split_sizes")
    else:
        count = call.integer("num_splits")
        sizes = (x.shape[axis] // max(1, count),) * count
    if sum(sizes) != x.shape[axis]:
        raise ModelFileError(
            "split does not divide its axis", came=sizes, allowed=f"a sum of {x.shape[axis]}"
        )
    results = [(x.dtype, (*x.shape[:axis], size, *x.shape[axis + 1 :])) for size in sizes]
    return call.graph.emit_many("Split", [x, call.graph.constant(sizes, "int64")], results, axis=axis)
