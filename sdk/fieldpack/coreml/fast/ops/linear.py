"""``linear``: ``y = x @ weight.T + bias`` on the last axis."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    graph = call.graph
    x, weight = (graph.cast(call.wire(name), "float32") for name in ("x", "weight"))
    bias = call.maybe("bias")
    shape = (*x.shape[:-1], weight.shape[0])
    if bias is not None:
        bias = graph.cast(bias, "float32")
    if x.rank == 2:
        parts = [x, weight] if bias is None else [x, weight, bias]
        return graph.emit("Gemm", parts, shape, transB=1)
    product = graph.emit("MatMul", [x, graph.transpose(weight, (1, 0))], shape)
    return product if bias is None else graph.combine("Add", product, bias)
