"""Elementwise arithmetic with broadcasting: ``add``, ``sub``, ``mul``, ``maximum``, ``minimum``, ``pow``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._numbers import pair

NAMES = {"add": "Add", "maximum": "Max", "minimum": "Min", "mul": "Mul", "pow": "Pow", "sub": "Sub"}


def translate(call: Call) -> Wire:
    return call.graph.combine(NAMES[call.kind], *pair(call))
