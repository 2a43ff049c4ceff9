"""Another shape or order of axes."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.stored import Stored


def translate(call: Call) -> Blob | Stored:
    stored = call.stored("x")
    if stored is not None and call.kind != "transpose":
        return Stored(stored.array.reshape(call.shape), stored.half)
    x = call.blob("x")
    if call.kind == "transpose":
        return call.writer.transpose(x, [axis % x.rank for axis in call.ints("perm")])
    return call.writer.reshape(x, call.shape)
