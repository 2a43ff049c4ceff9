"""``prelu`` and ``softplus_parametric``: activations with one parameter a channel (axis 1).

* ``prelu``: ``x if x > 0 else alpha[c] * x``
* ``softplus_parametric``: ``alpha[c] * ln(1 + e ^ (beta[c] * x))``
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("prelu", "softplus_parametric")


def translate(call: Call) -> Wire:
    x, alpha = call.wire("x"), _along_channels(call, "alpha")
    if call.kind == "prelu":
        return call.graph.emit("PRelu", [x, alpha], x.shape)
    scaled = call.graph.combine("Mul", _along_channels(call, "beta"), x)
    return call.graph.combine("Mul", alpha, call.graph.apply("Softplus", scaled))


def _along_channels(call: Call, name: str) -> Wire:
    parameter, rank = call.wire(name), call.wire("x").rank
    return call.graph.reshape(parameter, (parameter.shape[0], *(1,) * (rank - 2)))
