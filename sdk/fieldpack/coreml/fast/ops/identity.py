"""``identity``, ``cast``: the same elements; the translator brings them to the declared type.

A float16 target of ``cast`` is rounded under ``fp16`` only, as by the interpreter.
"""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("cast", "identity")


def translate(call: Call) -> Wire:
    return call.wire("x")
