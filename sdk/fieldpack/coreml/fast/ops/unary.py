"""Elementwise functions that ONNX has under another name: ``y = f(x)``.

``round`` takes halves to the even number in both.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = {
    "abs": "Abs",
    "acos": "Acos",
    "asin": "Asin",
    "atan": "Atan",
    "atanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "relu": "Relu",
    "round": "Round",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "tan": "Tan",
    "tanh": "Tanh",
}
#: Operators that have kernels for whole numbers.
_WHOLE = ("abs", "sign")


def translate(call: Call) -> Wire:
    x = call.wire("x")
    if not x.is_float and call.kind not in _WHOLE:
        x = call.graph.cast(x, "float32")
    return call.graph.apply(NAMES[call.kind], x)
