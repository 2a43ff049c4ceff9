"""Two tensors stretched over each other; one number beside a tensor is a linear function of it."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.stored import Stored

LAYERS = {
    "add": "addBroadcastable",
    "maximum": "maxBroadcastable",
    "minimum": "minBroadcastable",
    "mul": "multiplyBroadcastable",
    "pow": "powBroadcastable",
    "real_div": "divideBroadcastable",
    "sub": "subtractBroadcastable",
}


def translate(call: Call) -> Blob | Stored:
    (x,), (y,) = call.arguments["x"], call.arguments["y"]
    if isinstance(x, Blob) and isinstance(y, Stored) and y.array.size == 1 and x.shape == call.shape:
        simple = _with_number(call, x, float(y.array.reshape(-1)[0]))
        if simple is not None:
            return simple
    made = call.writer.combine(LAYERS[call.kind], call.as_blob(x), call.as_blob(y))
    return call.writer.reshape(made, call.shape)


def _with_number(call: Call, x: Blob, number: float) -> Blob | None:
    if call.kind == "add":
        return call.writer.activation("linear", x, alpha=1.0, beta=number)
    if call.kind == "sub":
        return call.writer.activation("linear", x, alpha=1.0, beta=-number)
    if call.kind == "mul":
        return call.writer.activation("linear", x, alpha=number, beta=0.0)
    return None
