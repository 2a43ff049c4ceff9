"""``einsum``: ``nchw,nwhu->nchu`` and ``chw,whr->chr`` in any letters."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._numbers import alike


def translate(call: Call) -> Wire:
    values = alike(call.graph, *call.wires("values"))
    equation = call.text("equation")
    left, _, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not right or "." in equation or len(terms) != len(values):
        raise call.refuse(f"has the equation {equation!r}")
    sizes = {
        letter: n
        for term, v in zip(terms, values, strict=True)
        for letter, n in zip(term, v.shape, strict=True)
    }
    return call.graph.emit("Einsum", values, [sizes[letter] for letter in right], equation=equation)
