"""``max_pool`` and ``avg_pool`` over height and width; sizes rounded up are more padding at the ends."""

from __future__ import annotations

from fieldpack.coreml.fast.ops._window import excess
from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.ops._window import padding, put_padding

KINDS = {"max_pool": 0, "avg_pool": 1}


def translate(call: Call) -> Blob:
    x, kernel = call.blob("x"), call.ints("kernel_sizes")
    strides = call.ints("strides", (1,) * len(kernel))
    if x.rank != 4:
        raise call.refuse(f"runs over {x.rank - 2} axes, not over height and width")
    alone = call.flag("exclude_padding_from_average")
    if call.flag("ceil_mode") and call.kind == "avg_pool" and not alone:
        raise call.refuse("counts cells beyond the padding (ceil_mode)")
    params = call.writer.layer(
        "pooling",
        [x],
        call.shape,
        type=KINDS[call.kind],
        kernelSize=kernel,
        stride=strides,
        avgPoolExcludePadding=alone,
    )
    pairs = padding(call, x.shape[2:], kernel, strides)
    if call.flag("ceil_mode"):
        more = excess(x.shape[2:], kernel, strides, pairs)
        pairs = [(before, after + cells) for (before, after), cells in zip(pairs, more, strict=True)]
    put_padding(params, pairs)
    return call.writer.last
