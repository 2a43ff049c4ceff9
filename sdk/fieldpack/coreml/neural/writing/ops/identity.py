"""``identity``, and ``cast`` between float types: every blob of a network is float32."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call, Value


def translate(call: Call) -> Value:
    (value,) = call.arguments["x"]
    return value
