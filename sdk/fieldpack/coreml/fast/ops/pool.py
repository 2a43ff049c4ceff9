"""``max_pool``, ``avg_pool``, ``l2_pool``: one number for every window; padding as in ``_window``.

The mean counts the cells of the input in the window, and those of the padding unless they are
excluded, but never those that only ``ceil_mode`` adds: ONNX counts otherwise there, so that the
sum is divided by the written number of cells. ``l2_pool`` is the root of the sum of squares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire
from fieldpack.coreml.fast.ops._window import Pairs, excess, onnx_pads, padding, windows

NAMES = ("avg_pool", "l2_pool", "max_pool")


def translate(call: Call) -> Wire:
    x, kernel = call.wire("x"), call.ints("kernel_sizes")
    sizes, strides = x.shape[2:], call.ints("strides", (1,) * len(kernel))
    pairs = padding(call, sizes, kernel, strides)
    ceil = call.flag("ceil_mode", False)
    outer = excess(sizes, kernel, strides, pairs) if ceil else [0] * len(kernel)
    if call.kind == "avg_pool":
        return _average(call, x, pairs, outer)
    whole = [(before, after + extra) for (before, after), extra in zip(pairs, outer, strict=True)]
    if call.kind == "max_pool":
        return _pooled(call, "MaxPool", x, whole)
    squares = _pooled(call, "AveragePool", call.graph.combine("Mul", x, x), whole)
    total = call.graph.combine("Mul", squares, call.graph.constant(math.prod(kernel), "float32"))
    return call.graph.apply("Sqrt", total)


def _pooled(call: Call, op: str, x: Wire, pairs: Pairs, exclude: bool = False) -> Wire:
    kernel = call.ints("kernel_sizes")
    strides = call.ints("strides", (1,) * len(kernel))
    shape = (*x.shape[:2], *windows(x.shape[2:], kernel, strides, pairs))
    counted: dict[str, Any] = {} if op == "MaxPool" else {"count_include_pad": int(not exclude)}
    if any(cells >= width for pair, width in zip(pairs, kernel, strict=True) for cells in pair):
        low = -math.inf if op == "MaxPool" else 0.0
        x, pairs = call.graph.surround(x, [(0, 0), (0, 0), *pairs], low), [(0, 0)] * len(kernel)
    return call.graph.emit(
        op, [x], shape, kernel_shape=kernel, strides=strides, pads=onnx_pads(pairs), **counted
    )


def _average(call: Call, x: Wire, pairs: Pairs, outer: Sequence[int]) -> Wire:
    exclude = call.flag("exclude_padding_from_average", False)
    kernel = call.ints("kernel_sizes")
    wide = any(cells >= width for pair, width in zip(pairs, kernel, strict=True) for cells in pair)
    if not any(outer) and not (wide and exclude):
        if not any(map(any, pairs)) and kernel == x.shape[2:]:
            return call.graph.emit("GlobalAveragePool", [x], (*x.shape[:2], *(1,) * len(kernel)))
        return _pooled(call, "AveragePool", x, pairs, exclude)
    whole = [(before, after + extra) for (before, after), extra in zip(pairs, outer, strict=True)]
    mean = _pooled(call, "AveragePool", x, whole)
    counted = np.pad(np.ones(x.shape[2:]), pairs, constant_values=0.0 if exclude else 1.0)
    counted = np.pad(counted, [(0, extra) for extra in outer])
    strides = call.ints("strides", (1,) * len(kernel))
    views = sliding_window_view(counted, kernel)[tuple(slice(None, None, step) for step in strides)]
    share = views.mean(axis=tuple(range(-len(kernel), 0)))
    return call.graph.combine("Div", mean, call.graph.constant(share[None, None], "float32"))
