"""Recurrent layers: torch's own where it computes the same, else a loop over time that is written out.

ONNX stacks the gates as i o f c (LSTM) and z r h (GRU), torch as i f c o and r z h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

_GATES = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1)}
_DEFAULTS = {"RNN": ("tanh",), "GRU": ("sigmoid", "tanh"), "LSTM": ("sigmoid", "tanh", "tanh")}
#: Activation -> default alpha and beta, and the function.
_ACTIVATIONS: dict[str, tuple[float, float, Callable[[Tensor, float, float], Tensor]]] = {
    "relu": (0.0, 0.0, lambda x, alpha, beta: torch.relu(x)),
    "tanh": (0.0, 0.0, lambda x, alpha, beta: torch.tanh(x)),
    "sigmoid": (0.0, 0.0, lambda x, alpha, beta: torch.sigmoid(x)),
    "affine": (1.0, 0.0, lambda x, alpha, beta: alpha * x + beta),
    "leakyrelu": (0.01, 0.0, lambda x, alpha, beta: F.leaky_relu(x, alpha)),
    "thresholdedrelu": (1.0, 0.0, lambda x, alpha, beta: torch.where(x > alpha, x, torch.zeros_like(x))),
    "scaledtanh": (1.0, 1.0, lambda x, alpha, beta: alpha * torch.tanh(beta * x)),
    "hardsigmoid": (0.2, 0.5, lambda x, alpha, beta: torch.clamp(alpha * x + beta, 0.0, 1.0)),
    "elu": (1.0, 0.0, lambda x, alpha, beta: F.elu(x, alpha)),
    "softsign": (0.0, 0.0, lambda x, alpha, beta: F.softsign(x)),
    "softplus": (0.0, 0.0, lambda x, alpha, beta: F.softplus(x)),
}
Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Settings:
    """The attributes of a node; `peepholes` is the input P of an LSTM."""

    kind: str
    direction: str
    layout: int
    activations: tuple[str, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    clip: float | None
    linear_before_reset: bool = False
    input_forget: bool = False
    peepholes: Tensor | None = None

    @property
    def directions(self) -> int:
        return 2 if self.direction == "bidirectional" else 1

    def functions(self, direction: int) -> list[Activation]:
        """The activations of one direction, with their parameters."""
        count = len(_DEFAULTS[self.kind])
        names = [name.lower() for name in self.activations] or list(_DEFAULTS[self.kind]) * self.directions
        functions = [_activation(name, self, place, names) for place, name in enumerate(names)]
        return functions[direction * count : (direction + 1) * count]


def _activation(name: str, settings: Settings, place: int, names: list[str]) -> Activation:
    if name not in _ACTIVATIONS:
        raise ValueError(f"activation {name!r} is not one of {', '.join(_ACTIVATIONS)}")
    alpha, beta, function = _ACTIVATIONS[name]
    alpha = settings.alphas[place] if place < len(settings.alphas) else alpha
    beta = settings.betas[place] if place < len(settings.betas) else beta
    return lambda x: function(x, alpha, beta)


def with_native_weights(kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with `native`, torch's weights, where torch's layer computes what the node says."""
    weights = [arguments.get(key) for key in ("w", "r", "b")]
    default = tuple(_DEFAULTS[kind])
    names = tuple(name.lower() for name in arguments.get("activations") or default)
    same = (
        all(item is None or isinstance(item, Tensor) for item in weights)
        and names in (default, default * 2)
        and not any(
            arguments.get(key) for key in ("clip", "input_forget", "activation_alpha", "activation_beta")
        )
        and arguments.get("p") is None
        and arguments.get("sequence_lens") is None
        and (kind != "GRU" or bool(arguments.get("linear_before_reset")))
    )
    return {**arguments, "native": _torch_weights(kind, *weights)} if same else arguments


def _torch_weights(kind: str, w: Any, r: Any, b: Any) -> tuple[Tensor, ...]:
    order = _GATES[kind]
    found = []
    for direction in range(w.shape[0]):
        biases = [None, None] if b is None else list(b[direction].chunk(2))
        for part in (w[direction], r[direction], *biases):
            if part is not None:
                gates = part.chunk(len(order))
                found.append(torch.cat([gates[gate] for gate in order]).contiguous())
    return tuple(found)


def run_recurrent(
    x: Tensor,
    weights: tuple[Tensor, Tensor, Tensor | None],
    lengths: tuple[int, ...] | None,
    initial: tuple[Tensor | None, ...],
    settings: Settings,
    native: tuple[Tensor, ...] | None,
) -> tuple[Tensor, ...]:
    """Y, Y_h and for an LSTM Y_c, in the layout of the node."""
    if settings.layout:
        x = x.transpose(0, 1)
        initial = tuple(None if item is None else item.transpose(0, 1) for item in initial)
    rows = sizes(x)[1]
    hidden = sizes(weights[1])[2]
    empty = torch.zeros(settings.directions, rows, hidden, dtype=x.dtype)
    states = tuple(empty if item is None else item for item in initial)
    if native is not None:
        y, final = _native(x, states, settings, native)
    else:
        y, final = _written_out(x, weights, lengths, states, settings)
    if settings.layout:
        return (y.permute(2, 0, 1, 3), *(item.transpose(0, 1) for item in final))
    return (y, *final)


def _native(
    x: Tensor, states: tuple[Tensor, ...], settings: Settings, weights: tuple[Tensor, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    steps, rows, _ = sizes(x)
    both, biased = settings.directions == 2, len(weights) == 4 * settings.directions
    turned = torch.flip(x, (0,)) if settings.direction == "reverse" else x
    layer: Any = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN": torch.rnn_tanh}[settings.kind]
    hidden: Any = states if settings.kind == "LSTM" else states[0]
    out, *final = layer(turned, hidden, weights, biased, 1, 0.0, False, both, False)
    out = torch.flip(out, (0,)) if settings.direction == "reverse" else out
    y = out.reshape(steps, rows, settings.directions, sizes(states[0])[2]).transpose(1, 2)
    return y, tuple(final)


def _written_out(
    x: Tensor,
    weights: tuple[Tensor, Tensor, Tensor | None],
    lengths: tuple[int, ...] | None,
    states: tuple[Tensor, ...],
    settings: Settings,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    steps = sizes(x)[0]
    full = lengths if lengths is not None else (steps,) * sizes(x)[1]
    outputs, finals = [], []
    for direction in range(settings.directions):
        backwards = settings.direction == "reverse" or direction == 1
        fed = _turned(x, full) if backwards else x
        parts = [None if item is None else item[direction] for item in weights]
        cell = _Cell(settings, direction, parts)
        out, state = _stepped(fed, cell, tuple(item[direction] for item in states), full)
        outputs.append(_turned(out, full) if backwards else out)
        finals.append(state)
    return torch.stack(outputs, 1), tuple(torch.stack(items) for items in zip(*finals, strict=True))


def _turned(x: Tensor, lengths: tuple[int, ...]) -> Tensor:
    """[steps, rows, ...] with the first `lengths` steps of each row backwards."""
    steps = sizes(x)[0]
    if all(length == steps for length in lengths):
        return torch.flip(x, (0,))
    order = torch.arange(steps).reshape(-1, 1).repeat(1, len(lengths))
    for row, length in enumerate(lengths):
        order[:length, row] = torch.arange(length - 1, -1, -1)
    return torch.gather(x, 0, order.unsqueeze(-1).expand(sizes(x)))


def _stepped(
    x: Tensor, cell: _Cell, state: tuple[Tensor, ...], lengths: tuple[int, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    outputs = []
    for step, value in enumerate(x.unbind(0)):
        new = cell(value, state)
        if all(step < length for length in lengths):
            state, shown = new, new[0]
        else:
            alive = torch.tensor([step < length for length in lengths]).reshape(-1, 1)
            state = tuple(torch.where(alive, fresh, old) for fresh, old in zip(new, state, strict=True))
            shown = torch.where(alive, new[0], torch.zeros_like(new[0]))
        outputs.append(shown)
    return torch.stack(outputs), state


class _Cell:
    """One step of one direction."""

    def __init__(self, settings: Settings, direction: int, weights: list[Any]) -> None:
        self.settings = settings
        self.functions = settings.functions(direction)
        self.w, self.r, biases = weights
        self.from_input: Any = None
        self.from_state: Any = None
        if biases is not None:
            self.from_input, self.from_state = biases.chunk(2)
        self.peepholes = None if settings.peepholes is None else settings.peepholes[direction].chunk(3)
        self.step = {"RNN": self._rnn, "GRU": self._gru, "LSTM": self._lstm}[settings.kind]

    def __call__(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return self.step(x, state)

    def _clipped(self, x: Tensor) -> Tensor:
        clip = self.settings.clip
        return torch.clamp(x, -clip, clip) if clip else x

    def _rnn(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        total = F.linear(x, self.w, self.from_input) + F.linear(state[0], self.r, self.from_state)
        return (self.functions[0](self._clipped(total)),)

    def _gru(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        gate, change = self.functions
        hidden = state[0]
        fed = F.linear(x, self.w, self.from_input).chunk(3, -1)
        held = F.linear(hidden, self.r, self.from_state).chunk(3, -1)
        update, reset = (gate(self._clipped(fed[place] + held[place])) for place in (0, 1))
        if self.settings.linear_before_reset:
            recurrent = reset * held[2]
        else:
            bias = None if self.from_state is None else self.from_state.chunk(3)[2]
            recurrent = F.linear(reset * hidden, self.r.chunk(3)[2], bias)
        new = change(self._clipped(fed[2] + recurrent))
        return ((1 - update) * new + update * hidden,)

    def _lstm(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        gate, change, shown = self.functions
        hidden, memory = state
        total = F.linear(x, self.w, self.from_input) + F.linear(hidden, self.r, self.from_state)
        into, out, forget, new = total.chunk(4, -1)
        if self.peepholes is not None:
            into, forget = into + self.peepholes[0] * memory, forget + self.peepholes[2] * memory
        into = gate(self._clipped(into))
        kept = 1 - into if self.settings.input_forget else gate(self._clipped(forget))
        memory = kept * memory + into * change(self._clipped(new))
        if self.peepholes is not None:
            out = out + self.peepholes[1] * memory
        return gate(self._clipped(out)) * shown(memory), memory
