"""``concat`` and ``stack``: tensors one after the other on an axis, or on a new one.

``interleave`` of ``concat`` takes one slice of each tensor in turn: a stack behind the axis, flattened.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("concat", "stack")


def translate(call: Call) -> Wire:
    values = call.wires("values")
    if len({value.dtype for value in values}) != 1:
        raise call.refuse("joins tensors of several element types")
    if call.kind == "stack":
        return _stacked(call, values, call.integer("axis") % (values[0].rank + 1))
    axis = call.integer("axis") % values[0].rank
    if not call.flag("interleave", False):
        total = sum(value.shape[axis] for value in values)
        shape = (*values[0].shape[:axis], total, *values[0].shape[axis + 1 :])
        return call.graph.emit("Concat", values, shape, axis=axis)
    shape = values[0].shape
    flat = (*shape[:axis], shape[axis] * len(values), *shape[axis + 1 :])
    return call.graph.reshape(_stacked(call, values, axis + 1), flat)


def _stacked(call: Call, values: tuple[Wire, ...], axis: int) -> Wire:
    shape = values[0].shape
    apart = [call.graph.reshape(value, (*shape[:axis], 1, *shape[axis:])) for value in values]
    return call.graph.emit("Concat", apart, (*shape[:axis], len(values), *shape[axis:]), axis=axis)
