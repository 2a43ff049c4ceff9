"""Functions of every element without parameters, some with a small number added first."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob

PLAIN = {"cos": "cos", "erf": "erf", "floor": "floor", "sin": "sin"}
UNARY = {"sqrt": 0, "rsqrt": 1, "inverse": 2, "exp": 4, "log": 5, "abs": 6}
EPSILONS = {"rsqrt": 1e-12, "inverse": 1e-4, "log": 1e-45}


def translate(call: Call) -> Blob:
    x, writer = call.blob("x"), call.writer
    if call.kind in PLAIN:
        return writer.apply(PLAIN[call.kind], [x], x.shape)
    if call.kind == "square":
        return writer.combine("multiplyBroadcastable", x, x)
    epsilon = call.number("epsilon", EPSILONS.get(call.kind, 0.0))
    return writer.apply("unary", [x], x.shape, type=UNARY[call.kind], scale=1.0, epsilon=epsilon)
