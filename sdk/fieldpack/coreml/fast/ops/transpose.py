"""``transpose``: axis ``i`` of the result is axis ``perm[i]`` of ``x``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    return call.graph.transpose(call.wire("x"), call.ints("perm"))
