"""``reduce_*`` over ``axes`` (all axes where none are given), but the arguments of extremes.

Means, roots and logarithms of whole numbers are computed in floats and cut to the declared type.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire

NAMES = {
    "reduce_l1_norm": "ReduceL1",
    "reduce_l2_norm": "ReduceL2",
    "reduce_log_sum": "ReduceLogSum",
    "reduce_log_sum_exp": "ReduceLogSumExp",
    "reduce_max": "ReduceMax",
    "reduce_mean": "ReduceMean",
    "reduce_min": "ReduceMin",
    "reduce_prod": "ReduceProd",
    "reduce_sum": "ReduceSum",
    "reduce_sum_square": "ReduceSumSquare",
}
#: Computed in floats for whole numbers.
_IN_FLOATS = ("reduce_l2_norm", "reduce_log_sum", "reduce_log_sum_exp", "reduce_mean")


def translate(call: Call) -> Wire:
    graph, x, keep = call.graph, call.wire("x"), call.flag("keep_dims", False)
    if call.kind in _IN_FLOATS or x.dtype not in ("float32", "int32", "int64"):
        x = graph.cast(x, "float32")
    axes = sorted(axis % x.rank for axis in call.ints("axes", ())) or list(range(x.rank))
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    made = _reduced(graph, NAMES[call.kind], x, axes, kept)
    return made if keep else graph.reshape(made, [s for axis, s in enumerate(kept) if axis not in axes])


def _reduced(graph: Graph, op: str, x: Wire, axes: list[int], kept: tuple[int, ...]) -> Wire:
    if not axes:
        return x
    if op == "ReduceMean" and x.rank == 4 and axes == [2, 3]:
        return graph.emit("GlobalAveragePool", [x], kept)
    return graph.emit(op, [x, graph.constant(axes, "int64")], kept, keepdims=1)
