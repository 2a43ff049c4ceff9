"""``conv`` over height and width; over one axis with an axis of size 1 beside it."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.ops._window import padding, put_padding
from fieldpack.coreml.neural.writing.stored import put_weights


def translate(call: Call) -> Blob:
    x, weight = call.blob("x"), call.weight("weight")
    if x.rank != 4:
        raise call.refuse(f"runs over {x.rank - 2} axes, not over height and width")
    out, channels, *kernel = weight.array.shape
    strides, dilations = call.ints("strides", (1, 1)), call.ints("dilations", (1, 1))
    params = call.writer.layer(
        "convolution",
        [x],
        call.shape,
        outputChannels=out,
        kernelChannels=channels,
        nGroups=int(call.number("groups", 1)),
        kernelSize=kernel,
        stride=strides,
        dilationFactor=dilations,
    )
    spans = [(size - 1) * spread + 1 for size, spread in zip(kernel, dilations, strict=True)]
    put_padding(params, padding(call, x.shape[2:], spans, strides))
    put_weights(params.weights, weight)
    bias = call.stored("bias")
    if "bias" in call.arguments and bias is None:
        raise call.refuse("computes its bias")
    if bias is not None:
        params.hasBias = True
        put_weights(params.bias, bias)
    return call.writer.last
