"""``max_pool`` and ``avg_pool`` over height and width."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.ops._window import put_padding

KINDS = {"max_pool": 0, "avg_pool": 1}


def translate(call: Call) -> Blob:
    x, kernel = call.blob("x"), call.ints("kernel_sizes")
    strides = call.ints("strides", (1,) * len(kernel))
    if x.rank != 4:
        raise call.refuse(f"runs over {x.rank - 2} axes, not over height and width")
    if call.flag("ceil_mode"):
        raise call.refuse("rounds its sizes up (ceil_mode)")
    params = call.writer.layer(
        "pooling",
        [x],
        call.shape,
        type=KINDS[call.kind],
        kernelSize=kernel,
        stride=strides,
        avgPoolExcludePadding=call.flag("exclude_padding_from_average"),
    )
    put_padding(params, call, x.shape[2:], kernel, strides)
    return call.writer.last
