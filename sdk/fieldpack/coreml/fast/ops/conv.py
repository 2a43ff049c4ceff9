"""``conv``: convolution over 1 to 3 spatial axes, in groups, with dilation; padding as in ``_window``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._window import onnx_pads, padding, windows


def translate(call: Call) -> Wire:
    graph = call.graph
    x, weight = (graph.cast(call.wire(name), "float32") for name in ("x", "weight"))
    rank, sizes = x.rank - 2, x.shape[2:]
    strides, dilations = call.ints("strides", (1,) * rank), call.ints("dilations", (1,) * rank)
    spans = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    pairs = padding(call, sizes, spans, strides, "valid")
    shape = (x.shape[0], weight.shape[0], *windows(sizes, spans, strides, pairs))
    bias = call.maybe("bias")
    parts = [x, weight] if bias is None else [x, weight, graph.cast(bias, "float32")]
    return graph.emit(
        "Conv",
        parts,
        shape,
        strides=strides,
        dilations=dilations,
        group=call.integer("groups", 1),
        pads=onnx_pads(pairs),
        kernel_shape=weight.shape[2:],
    )
