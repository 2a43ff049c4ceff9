"""The same elements in the same order under another shape: ``reshape``, ``squeeze``, ``expand_dims`` ...

The program declares the resulting shape, every size known, so that shape is taken.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("expand_dims", "flatten2d", "reshape", "reshape_like", "squeeze")


def translate(call: Call) -> Wire:
    return call.graph.reshape(call.wire("x"), call.declared)
