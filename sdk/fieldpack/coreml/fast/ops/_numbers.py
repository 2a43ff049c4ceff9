"""Element types in arithmetic: what two inputs are brought to before ONNX computes with them."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire

_ORDER = ("int32", "int64", "float32")


def alike(graph: Graph, *wires: Wire) -> tuple[Wire, ...]:
    """The wires in their widest type: float32 before int64 before int32, which carries smaller ones."""
    widest = max((wire.dtype if wire.dtype in _ORDER else "int32" for wire in wires), key=_ORDER.index)
    return tuple(graph.cast(wire, widest) for wire in wires)


def pair(call: Call) -> tuple[Wire, Wire]:
    """Inputs ``x`` and ``y`` in one type."""
    x, y = alike(call.graph, call.wire("x"), call.wire("y"))
    return x, y
