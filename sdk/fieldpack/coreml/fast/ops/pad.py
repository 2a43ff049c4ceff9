"""``pad``: more cells around the last ``len(pad) / 2`` axes: ``constant``, ``reflect`` or ``replicate``."""

from __future__ import annotations

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


def translate(call: Call) -> Wire:
    graph, x, flat = call.graph, call.wire("x"), call.ints("pad")
    mode = call.text("mode", "constant")
    pairs = [(0, 0)] * (x.rank - len(flat) // 2) + list(zip(flat[::2], flat[1::2], strict=True))
    if mode == "constant":
        return graph.surround(x, pairs, call.number("constant_val", 0.0))
    too_wide = any(max(pair) >= size for pair, size in zip(pairs, x.shape, strict=True) if any(pair))
    if mode not in _MODES or (mode == "reflect" and too_wide):
        raise call.refuse(f"pads by {mode!r}, or mirrors more cells than there are")
    shape = [size + sum(pair) for size, pair in zip(x.shape, pairs, strict=True)]
    counts = [before for before, _ in pairs] + [after for _, after in pairs]
    return graph.emit("Pad", [x, graph.constant(counts, "int64")], shape, mode=_MODES[mode])
