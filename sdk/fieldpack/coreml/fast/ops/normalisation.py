"""``batch_norm``, ``instance_norm``, ``layer_norm``: to mean 0 and variance 1, then ``gamma * x + beta``.

``layer_norm`` over axes that are not the last ones turns them to the end and back.
"""

from __future__ import annotations

import math

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Wire

NAMES = ("batch_norm", "instance_norm", "layer_norm")


def translate(call: Call) -> Wire:
    if call.kind == "layer_norm":
        return _layer_norm(call)
    x, epsilon = call.wire("x"), call.number("epsilon", 1e-5)
    channels = (x.shape[1],)
    gamma = call.maybe("gamma") or call.graph.constant(np.ones(channels, np.float32))
    beta = call.maybe("beta") or call.graph.constant(np.zeros(channels, np.float32))
    if call.kind == "instance_norm":
        return call.graph.emit("InstanceNormalization", [x, gamma, beta], x.shape, epsilon=epsilon)
    parts = [x, gamma, beta, call.wire("mean"), call.wire("variance")]
    return call.graph.emit("BatchNormalization", parts, x.shape, epsilon=epsilon)


def _layer_norm(call: Call) -> Wire:
    graph, x = call.graph, call.wire("x")
    axes = sorted(axis % x.rank for axis in call.ints("axes", ())) or list(range(x.rank))
    order = [axis for axis in range(x.rank) if axis not in axes] + axes
    turned = graph.transpose(x, order)
    over = tuple(x.shape[axis] for axis in axes)
    gamma = call.maybe("gamma") or graph.constant(np.ones(over, np.float32))
    beta = call.maybe("beta")
    if gamma.shape != over or (beta is not None and beta.shape != over):
        raise call.refuse(f"has parameters of another shape than {list(over)}, elements {math.prod(over)}")
    parts = [turned, gamma] if beta is None else [turned, gamma, beta]
    made = graph.emit(
        "LayerNormalization",
        parts,
        turned.shape,
        axis=x.rank - len(axes),
        epsilon=call.number("epsilon", 1e-5),
    )
    return graph.transpose(made, np.argsort(order).tolist())
