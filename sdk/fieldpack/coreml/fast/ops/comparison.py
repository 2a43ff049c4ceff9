"""``equal``, ``not_equal``, ``less``, ``less_equal``, ``greater``, ``greater_equal``: truth values."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._numbers import pair

NAMES = {
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "not_equal": "Equal",
}


def translate(call: Call) -> Wire:
    holds = call.graph.combine(NAMES[call.kind], *pair(call), "bool")
    return call.graph.apply("Not", holds) if call.kind == "not_equal" else holds
