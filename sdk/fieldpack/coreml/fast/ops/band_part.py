"""``band_part``: zero outside ``lower`` sub- and ``upper`` super-diagonals of the last two axes.

A negative number keeps the whole triangle.
"""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    x, lower, upper = call.wire("x"), call.integer("lower", -1), call.integer("upper", -1)
    below = np.arange(x.shape[-2])[:, None] - np.arange(x.shape[-1])
    keep = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
    zero = call.graph.constant(0, x.dtype)
    return call.graph.emit("Where", [call.graph.constant(keep), x, zero], x.shape, x.dtype)
