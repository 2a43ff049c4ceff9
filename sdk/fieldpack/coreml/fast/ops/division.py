"""``real_div``, ``floor_div`` and ``mod``, with broadcasting.

* ``real_div`` divides whole numbers exactly and cuts the quotient to the declared type;
* ``floor_div`` is ``floor(x / y)``: ONNX cuts whole quotients, so one is taken off where the remainder
  has another sign than ``y``; of floats the exact remainder goes first, so that the quotient does not
  round up to the next whole number;
* ``mod`` is ``x - floor(x / y) * y``, with the sign of ``y``.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire
from fieldpack.coreml.fast.ops._numbers import pair

NAMES = ("floor_div", "mod", "real_div")


def translate(call: Call) -> Wire:
    graph, (x, y) = call.graph, pair(call)
    if call.kind == "real_div":
        if not x.is_float:
            x, y = (graph.emit("Cast", [wire], wire.shape, "float64", to=11) for wire in (x, y))
        return graph.combine("Div", x, y)
    rest = graph.combine("Mod", x, y, fmod=1)
    wrong = _differs_in_sign(graph, rest, y)
    if call.kind == "mod":
        return graph.emit("Where", [wrong, graph.combine("Add", rest, y), rest], rest.shape, rest.dtype)
    quotient = graph.combine("Div", graph.combine("Sub", x, rest), y)
    if x.is_float:
        quotient = graph.apply("Round", quotient)
    below = graph.combine("Sub", quotient, graph.constant(1, x.dtype))
    floored = graph.emit("Where", [wrong, below, quotient], quotient.shape, x.dtype)
    if not x.is_float:
        return floored
    endless = graph.combine("Equal", y, graph.constant(0, "float32"), "bool")
    return graph.emit("Where", [endless, graph.combine("Div", x, y), floored], floored.shape, x.dtype)


def _differs_in_sign(graph: Graph, rest: Wire, y: Wire) -> Wire:
    """Whether there is a remainder, and its sign is not that of ``y``."""
    zero = graph.constant(0, y.dtype)
    signs = graph.combine(
        "Xor", graph.combine("Less", rest, zero, "bool"), graph.combine("Less", y, zero, "bool"), "bool"
    )
    return graph.combine("And", signs, graph.cast(rest, "bool"), "bool")
