"""``lstm``, ``gru`` and ``rnn`` over ``[steps, batch, inputs]``, weights known.

MIL orders the gates of ``lstm`` input, forget, output, cell, ONNX input, output, forget, cell; those of
``gru`` reset, output, update, where ONNX has update, reset, output. ``reverse`` runs on the sequence
turned round and gives its states in the order of processing. ``clip`` of ``lstm`` holds the cell,
which ONNX cannot say, so it is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.fast.call import Call
from fieldpack.coreml.fast.graph import Graph, Wire

NAMES = ("gru", "lstm", "rnn")
#: Activation -> ONNX name, and its alpha and beta where it has any.
_ACTIVATIONS: dict[str, tuple[str, tuple[float, ...]]] = {
    "sigmoid": ("Sigmoid", ()),
    "tanh": ("Tanh", ()),
    "relu": ("Relu", ()),
    "hard_sigmoid": ("HardSigmoid", (0.2, 0.5)),
    "sigmoid_hard": ("HardSigmoid", (0.2, 0.5)),
    "scaled_tanh": ("Tanh", ()),
    "linear": ("Affine", (1.0, 0.0)),
}
#: Place in MIL of each gate of ONNX.
_ORDER = {"lstm": (0, 2, 1, 3), "gru": (2, 0, 1)}
_ROLES = {
    "lstm": ("recurrent_activation", "cell_activation", "activation"),
    "gru": ("recurrent_activation", "activation"),
    "rnn": ("activation",),
}


def translate(call: Call) -> tuple[Wire, ...]:
    graph, x = call.graph, call.wire("x")
    direction = call.text("direction", "forward")
    if call.has("clip") or direction not in ("forward", "reverse", "bidirectional"):
        raise call.refuse("clips its cell, or has another direction")
    ways = ("", "_back") if direction == "bidirectional" else ("",)
    if direction == "reverse":
        x = graph.cut(x, {0: range(x.shape[0] - 1, -1, -1)})
    hidden = call.wire("weight_hh").shape[1]
    first = _states(graph, call.wire("initial_h"), len(ways), hidden)
    parts: list[Wire | None] = [x, *_weights(call, ways, hidden), None, first]
    if call.kind == "lstm":
        parts.append(_states(graph, call.wire("initial_c"), len(ways), hidden))
        parts.append(_peepholes(call, ways, hidden))
    return _run(call, parts, len(ways), hidden)


def _run(call: Call, parts: list[Wire | None], ways: int, hidden: int) -> tuple[Wire, ...]:
    graph, x = call.graph, call.wire("x")
    steps, batch = x.shape[:2]
    last = ("float32", (ways, batch, hidden))
    results: list[Any] = [("float32", (steps, ways, batch, hidden)), last]
    if call.kind == "lstm":
        results.append(last)
    while parts[-1] is None:
        parts.pop()
    settings: dict[str, Any] = {"linear_before_reset": 1} if call.flag("reset_after", False) else {}
    made = graph.emit_many(
        call.kind.upper(),
        parts,
        results,
        hidden_size=hidden,
        direction="bidirectional" if ways == 2 else "forward",
        **_activations(call, ways),
        **settings,
    )
    states = graph.reshape(graph.transpose(made[0], (0, 2, 1, 3)), (steps, batch, ways * hidden))
    ends = [graph.reshape(graph.transpose(end, (1, 0, 2)), (batch, ways * hidden)) for end in made[1:]]
    if not call.flag("output_sequence", False):
        states = graph.reshape(ends[0], (1, batch, ways * hidden))
    return (states, *ends)


def _activations(call: Call, ways: int) -> dict[str, Any]:
    defaults = {"recurrent_activation": "sigmoid"}
    names = [call.text(role, defaults.get(role, "tanh")).lower() for role in _ROLES[call.kind]]
    if any(name not in _ACTIVATIONS for name in names):
        raise call.refuse(f"has an activation among {', '.join(names)}")
    chosen = [_ACTIVATIONS[name] for name in names] * ways
    numbers = [pair for _, pair in chosen if pair]  # onnxruntime hands them to those that have some
    given: dict[str, Any] = {"activations": [name for name, _ in chosen]}
    if numbers:
        given |= {
            f"activation_{key}": [pair[i] for pair in numbers] for i, key in enumerate(("alpha", "beta"))
        }
    return given


def _weights(call: Call, ways: tuple[str, ...], hidden: int) -> tuple[Wire, Wire, Wire]:
    """Weights of input and state, and both biases, for every direction."""
    rows = hidden * {"lstm": 4, "gru": 3, "rnn": 1}[call.kind]

    def stacked(name: str) -> NDArray[Any]:
        return np.stack([_ordered(call, call.constant(name + way)) for way in ways])

    def bias(name: str, way: str) -> NDArray[Any]:
        known = call.has(name + way)
        return _ordered(call, call.constant(name + way)) if known else np.zeros(rows, np.float32)

    both = [np.concatenate([bias("input_bias", way), bias("bias", way)]) for way in ways]
    arrays = (stacked("weight_ih"), stacked("weight_hh"), np.stack(both))
    made = [call.graph.constant(array, "float32") for array in arrays]
    return made[0], made[1], made[2]


def _ordered(call: Call, array: NDArray[Any]) -> NDArray[Any]:
    """Rows in the order of gates that ONNX wants."""
    if call.kind == "rnn":
        return array
    parts = np.split(array, 4 if call.kind == "lstm" else 3)
    return np.concatenate([parts[place] for place in _ORDER[call.kind]])


def _peepholes(call: Call, ways: tuple[str, ...], hidden: int) -> Wire | None:
    if not any(call.has("peephole" + way) for way in ways):
        return None
    none = np.zeros(3 * hidden, np.float32)
    rows = [call.constant("peephole" + way) if call.has("peephole" + way) else none for way in ways]
    # MIL: input, forget, output; ONNX: input, output, forget.
    turned = [np.concatenate([row[:hidden], row[2 * hidden :], row[hidden : 2 * hidden]]) for row in rows]
    return call.graph.constant(np.stack(turned), "float32")


def _states(graph: Graph, state: Wire, ways: int, hidden: int) -> Wire:
    """``[batch, ways * hidden]`` as ``[ways, batch, hidden]``."""
    return graph.transpose(graph.reshape(state, (state.shape[0], ways, hidden)), (1, 0, 2))
