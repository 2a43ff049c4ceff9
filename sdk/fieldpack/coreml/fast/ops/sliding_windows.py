"""``sliding_windows``: windows of ``size`` elements along ``axis``, as a new axis after it."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire


def translate(call: Call) -> Wire:
    x, size, stride = call.wire("x"), call.integer("size"), call.integer("stride", 1)
    axis = call.integer("axis") % x.rank
    starts = np.arange(0, x.shape[axis] - size + 1, stride)
    places = call.graph.constant(starts[:, None] + np.arange(size), "int64")
    return call.graph.take(x, places, axis)
