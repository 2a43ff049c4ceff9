"""``linear`` and ``matmul``: products with stored matrices keep their integers, others are computed."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob, elements
from fieldpack.coreml.neural.writing.stored import Stored, put_weights


def translate(call: Call) -> Blob:
    if call.kind == "linear":
        return _dense(call, call.blob("x"), call.weight("weight"), call.stored("bias"))
    stored = call.stored("y")
    if stored is not None and stored.array.ndim == 2 and not call.flag("transpose_x"):
        turned = call.flag("transpose_y")
        weight = stored if turned else Stored(stored.array.T, stored.half)
        return _dense(call, call.blob("x"), weight, None)
    x, y = call.blob("x"), call.blob("y")
    if min(x.rank, y.rank) < 2:
        raise call.refuse("multiplies a vector")
    params = {"transposeA": call.flag("transpose_x"), "transposeB": call.flag("transpose_y")}
    return call.writer.apply("batchedMatmul", [x, y], call.shape, **params)


def _dense(call: Call, x: Blob, weight: Stored, bias: Stored | None) -> Blob:
    """The last axis multiplied; the layer takes two axes, whatever the tensor has."""
    out, width = weight.array.shape
    flat = call.writer.reshape(x, (elements(x.shape) // width, width))
    params = call.writer.layer(
        "innerProduct",
        [flat],
        (flat.shape[0], out),
        inputChannels=width,
        outputChannels=out,
        hasBias=bias is not None,
    )
    put_weights(params.weights, weight)
    if bias is not None:
        put_weights(params.bias, bias)
    return call.writer.reshape(call.writer.last, call.shape)
