"""``batch_norm`` as a factor and a summand of each channel; ``layer_norm`` over the last axes."""

from __future__ import annotations

import numpy as np

from fieldpack.coreml.neural.writing.call import Call, axes_of
from fieldpack.coreml.neural.writing.network_writer import Blob
from fieldpack.coreml.neural.writing.stored import Stored, put_weights


def translate(call: Call) -> Blob:
    return _batch_norm(call) if call.kind == "batch_norm" else _layer_norm(call)


def _batch_norm(call: Call) -> Blob:
    x = call.blob("x")
    mean, variance = (call.weight(name).array.astype(np.float64) for name in ("mean", "variance"))
    gamma, beta = call.stored("gamma"), call.stored("beta")
    factor = (1.0 if gamma is None else gamma.array) / np.sqrt(variance + call.number("epsilon", 1e-5))
    summand = (0.0 if beta is None else beta.array) - mean * factor
    shape = (-1, *[1] * (x.rank - 2))
    pair = (Stored(part.astype(np.float32).reshape(shape)) for part in (factor, summand))
    scale, shift = (call.writer.constant(part) for part in pair)
    scaled = call.writer.combine("multiplyBroadcastable", x, scale)
    return call.writer.combine("addBroadcastable", scaled, shift)


def _layer_norm(call: Call) -> Blob:
    x = call.blob("x")
    axes = axes_of(call, "axes", x.rank)
    if axes != list(range(x.rank - len(axes), x.rank)):
        raise call.refuse("normalises other axes than the last ones")
    sizes = [x.shape[axis] for axis in axes]
    params = call.writer.layer("layerNormalization", [x], x.shape, normalizedShape=sizes)
    params.eps = call.number("epsilon", 1e-5)
    for name, field, default in (("gamma", params.gamma, 1.0), ("beta", params.beta, 0.0)):
        found = call.stored(name)
        filled = np.full(sizes, default, np.float32)
        put_weights(field, Stored(filled) if found is None else found, reshaped=True)
    return call.writer.last
