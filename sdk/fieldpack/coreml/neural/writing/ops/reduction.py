"""Means, sums and extremes over axes."""

from __future__ import annotations

from fieldpack.coreml.neural.writing.call import Call, axes_of
from fieldpack.coreml.neural.writing.network_writer import Blob

LAYERS = {
    "reduce_max": "reduceMax",
    "reduce_mean": "reduceMean",
    "reduce_min": "reduceMin",
    "reduce_sum": "reduceSum",
}


def translate(call: Call) -> Blob:
    x = call.blob("x")
    axes, keep = axes_of(call, "axes", x.rank), call.flag("keep_dims")
    kept = [1 if axis in axes else size for axis, size in enumerate(x.shape)]
    made = call.writer.apply(LAYERS[call.kind], [x], kept, axes=axes, keepDims=True)
    return made if keep else call.writer.reshape(made, call.shape)
