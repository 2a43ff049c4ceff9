"""``softmax`` along an axis."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob


def translate(call: Call) -> Blob:
    x = call.blob("x")
    return call.writer.apply("softmaxND", [x], x.shape, axis=int(call.number("axis", -1)))
