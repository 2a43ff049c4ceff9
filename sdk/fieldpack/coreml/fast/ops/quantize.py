"""``quantize`` and ``dequantize`` between floats and int8 or uint8.

``clip(round(x / scale) + zero_point)``, halves to the even number, and ``scale * (x - zero_point)``;
scale and zero point are scalars, or vectors along ``axis``. ONNX means the same.
"""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("dequantize", "quantize")


def translate(call: Call) -> Wire:
    graph, x, scale = call.graph, call.wire("input"), call.wire("scale")
    code = call.text("output_dtype") if call.kind == "quantize" else x.dtype
    if code not in ("int8", "uint8"):
        raise call.refuse(f"has codes of type {code}")
    given = call.maybe("zero_point")
    zero = graph.constant(np.zeros(scale.shape), code) if given is None else graph.cast(given, code)
    if zero.shape != scale.shape:
        raise call.refuse("has a zero point of another shape than its scale")
    axis = {"axis": call.integer("axis") % x.rank} if scale.rank == 1 else {}
    if call.kind == "quantize":
        return graph.emit("QuantizeLinear", [x, scale, zero], x.shape, code, **axis)
    return graph.emit("DequantizeLinear", [x, scale, zero], x.shape, "float32", **axis)
