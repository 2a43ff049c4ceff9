"""Functions of every element with few parameters."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob

PLAIN = {
    "relu": "ReLU",
    "sigmoid": "sigmoid",
    "softplus": "softplus",
    "softsign": "softsign",
    "tanh": "tanh",
}
GELU = {"EXACT": 0, "TANH_APPROXIMATION": 1, "SIGMOID_APPROXIMATION": 2}


def translate(call: Call) -> Blob:
    x, writer = call.blob("x"), call.writer
    if call.kind in PLAIN:
        return writer.activation(PLAIN[call.kind], x)
    if call.kind == "relu6":
        return writer.apply("clip", [x], x.shape, minVal=0.0, maxVal=6.0)
    if call.kind == "clip":
        low, high = call.number("alpha"), call.number("beta")
        return writer.apply("clip", [x], x.shape, minVal=low, maxVal=high)
    if call.kind == "silu":
        return writer.combine("multiplyBroadcastable", x, writer.activation("sigmoid", x))
    if call.kind == "sigmoid_hard":
        return writer.activation(
            "sigmoidHard", x, alpha=call.number("alpha", 0.2), beta=call.number("beta", 0.5)
        )
    if call.kind == "gelu":
        return writer.apply("gelu", [x], x.shape, mode=GELU[call.text("mode", "EXACT")])
    name = {"elu": "ELU", "leaky_relu": "leakyReLU", "thresholded_relu": "thresholdedReLU"}[call.kind]
    return writer.activation(name, x, alpha=call.number("alpha", 1.0))
