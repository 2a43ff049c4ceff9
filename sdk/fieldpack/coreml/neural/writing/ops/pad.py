"""``pad`` with a constant."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call
from fieldpack.coreml.neural.writing.network_writer import Blob


def translate(call: Call) -> Blob:
    x, amounts = call.blob("x"), list(call.ints("pad"))
    if call.text("mode", "constant") != "constant":
        raise call.refuse(f"pads with {call.text('mode', 'constant')}")
    amounts = [0] * (2 * x.rank - len(amounts)) + amounts
    value = call.number("constant_val")
    return call.writer.apply("constantPad", [x], call.shape, padAmounts=amounts, value=value)
