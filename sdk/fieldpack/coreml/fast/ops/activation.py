"""Elementwise functions with numbers: activations, ``clip``, ``log``, ``rsqrt``, ``inverse`` and the like.

``thresholded_relu`` keeps ``x >= alpha`` where ONNX keeps ``x > alpha``, so it is asked for the number
before ``alpha``. Epsilons are added as float32 numbers, as small as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire


def translate(call: Call) -> Wire:
    x = call.wire("x")
    if not x.is_float and call.kind != "square":
        x = call.graph.cast(x, "float32")
    return FUNCTIONS[call.kind](call, call.graph, x)


def _with(graph: Graph, op: str, x: Wire, number: float) -> Wire:
    return graph.combine(op, x, graph.constant(number, x.dtype))


def _clamp(graph: Graph, x: Wire, low: float | None, high: float | None) -> Wire:
    bounds = [None if bound is None else graph.constant(bound, x.dtype) for bound in (low, high)]
    return graph.emit("Clip", [x, *bounds] if high is not None else [x, bounds[0]], x.shape)


def _clamped_relu(call: Call, graph: Graph, x: Wire) -> Wire:
    leaky = graph.apply("LeakyRelu", x, alpha=call.number("alpha"))
    return _clamp(graph, leaky, None, call.number("beta"))


def _clip(call: Call, graph: Graph, x: Wire) -> Wire:
    return _clamp(graph, x, call.number("alpha"), call.number("beta"))


def _elu(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.apply("Elu", x, alpha=call.number("alpha"))


def _exp2(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.combine("Pow", graph.constant(2, "float32"), x)


def _gelu(call: Call, graph: Graph, x: Wire) -> Wire:
    mode = call.text("mode", "EXACT")
    if mode == "SIGMOID_APPROXIMATION":
        return graph.combine("Mul", x, graph.apply("Sigmoid", _with(graph, "Mul", x, 1.702)))
    if mode not in ("EXACT", "TANH_APPROXIMATION"):
        raise call.refuse(f"has mode {mode!r}")
    return graph.apply("Gelu", x, approximate="none" if mode == "EXACT" else "tanh")


def _inverse(call: Call, graph: Graph, x: Wire) -> Wire:
    shifted = _with(graph, "Add", x, call.number("epsilon", 1e-4))
    return graph.combine("Div", graph.constant(1, "float32"), shifted)


def _leaky_relu(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.apply("LeakyRelu", x, alpha=call.number("alpha"))


def _linear_activation(call: Call, graph: Graph, x: Wire) -> Wire:
    return _with(graph, "Add", _with(graph, "Mul", x, call.number("alpha")), call.number("beta"))


def _log(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.apply("Log", _with(graph, "Add", x, call.number("epsilon", 1e-45)))


def _relu6(call: Call, graph: Graph, x: Wire) -> Wire:
    return _clamp(graph, x, 0.0, 6.0)


def _rsqrt(call: Call, graph: Graph, x: Wire) -> Wire:
    root = graph.apply("Sqrt", _with(graph, "Add", x, call.number("epsilon", 1e-12)))
    return graph.combine("Div", graph.constant(1, "float32"), root)


def _scaled_tanh(call: Call, graph: Graph, x: Wire) -> Wire:
    return _with(
        graph, "Mul", graph.apply("Tanh", _with(graph, "Mul", x, call.number("beta"))), call.number("alpha")
    )


def _sigmoid_hard(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.apply("HardSigmoid", x, alpha=call.number("alpha"), beta=call.number("beta"))


def _silu(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.combine("Mul", x, graph.apply("Sigmoid", x))


def _square(call: Call, graph: Graph, x: Wire) -> Wire:
    return graph.combine("Mul", x, x)


def _threshold(call: Call, graph: Graph, x: Wire) -> Wire:
    return _clamp(graph, x, call.number("alpha"), None)


def _thresholded_relu(call: Call, graph: Graph, x: Wire) -> Wire:
    before = np.nextafter(np.float32(call.number("alpha")), np.float32(-np.inf))
    return graph.apply("ThresholdedRelu", x, alpha=float(before))


FUNCTIONS: dict[str, Callable[[Call, Graph, Wire], Wire]] = {
    "clamped_relu": _clamped_relu,
    "clip": _clip,
    "elu": _elu,
    "exp2": _exp2,
    "gelu": _gelu,
    "inverse": _inverse,
    "leaky_relu": _leaky_relu,
    "linear_activation": _linear_activation,
    "log": _log,
    "relu6": _relu6,
    "rsqrt": _rsqrt,
    "scaled_tanh": _scaled_tanh,
    "sigmoid_hard": _sigmoid_hard,
    "silu": _silu,
    "square": _square,
    "threshold": _threshold,
    "thresholded_relu": _thresholded_relu,
}
NAMES = tuple(FUNCTIONS)
