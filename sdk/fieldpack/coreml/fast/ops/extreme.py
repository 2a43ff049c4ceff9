"""``reduce_argmax``, ``reduce_argmin``: index of the greatest or least element, the first one at a tie."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = {"reduce_argmax": "ArgMax", "reduce_argmin": "ArgMin"}


def translate(call: Call) -> Wire:
    x, keep = call.wire("x"), call.flag("keep_dims", False)
    axis = call.integer("axis", -1) % x.rank
    shape = [*x.shape[:axis], *([1] if keep else []), *x.shape[axis + 1 :]]
    return call.graph.emit(
        NAMES[call.kind], [x], shape, "int64", axis=axis, keepdims=int(keep), select_last_index=0
    )
