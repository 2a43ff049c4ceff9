"""``lstm``: long short-term memory, iOS15 operator set.

With gates ordered input, forget, output, cell in the weights, and peepholes ``p``::

    i = recurrent_activation(W_ii x + W_hi h + b_i + p_i * c)
    f = recurrent_activation(W_if x + W_hf h + b_f + p_f * c)
    z = cell_activation(W_iz x + W_hz h + b_z)
    c = f * c + i * z, held within -clip .. clip
    o = recurrent_activation(W_io x + W_ho h + b_o + p_o * c)
    h = o * activation(c)

``x`` is ``[steps, batch, inputs]``; gives the states ``[steps or 1, batch, hidden]``, the last state
and the last cell ``[batch, hidden]``. ``bidirectional`` has both directions side by side on the last
axis, the second one in the order of time; ``reverse`` alone stays in the order of processing.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from fieldpack.coreml.ops._recurrent import Activation, activation_named, directed
from fieldpack.errors import ModelFileError

#: Parameter -> its reordered copy; nothing changes a parameter in place.
_REORDERED = WeakTensorKeyDictionary()
_COMMON = tuple(map(activation_named, ("sigmoid", "tanh", "tanh")))


def run(
    x: Tensor,
    initial_h: Tensor,
    initial_c: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    peephole: Tensor | None = None,
    weight_ih_back: Tensor | None = None,
    weight_hh_back: Tensor | None = None,
    bias_back: Tensor | None = None,
    peephole_back: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    recurrent_activation: str = "sigmoid",
    cell_activation: str = "tanh",
    activation: str = "tanh",
    clip: float | None = None,
) -> tuple[Tensor, ...]:
    acts = tuple(map(activation_named, (recurrent_activation, cell_activation, activation)))
    if direction != "bidirectional":
        ordered = directed(x, direction)
        states, h, c = _walk(ordered, initial_h, initial_c, weight_ih, weight_hh, bias, peephole, acts, clip)
        return states if output_sequence else h[None], h, c
    if weight_ih_back is None or weight_hh_back is None:
        raise ModelFileError("A bidirectional lstm lacks its weights of the way back")
    h_there, h_back = initial_h.chunk(2, dim=-1)
    c_there, c_back = initial_c.chunk(2, dim=-1)
    there = _walk(x, h_there, c_there, weight_ih, weight_hh, bias, peephole, acts, clip)
    states, h, c = _walk(
        x.flip(0), h_back, c_back, weight_ih_back, weight_hh_back, bias_back, peephole_back, acts, clip
    )
    back = (states.flip(0), h, c)
    both_states, both_h, both_c = (torch.cat(pair, dim=-1) for pair in zip(there, back, strict=True))
    return both_states if output_sequence else both_h[None], both_h, both_c


def _walk(
    x: Tensor,
    h: Tensor,
    c: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None,
    peephole: Tensor | None,
    acts: tuple[Activation, ...],
    clip: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    gate, cell, out = acts
    hidden = weight_hh.shape[1]
    if peephole is None and clip is None and acts == _COMMON:
        return _common(x, h, c, weight_ih, weight_hh, bias)
    p_i, p_f, p_o = (torch.zeros(3 * hidden) if peephole is None else peephole).split(hidden)
    states = []
    for step in torch.nn.functional.linear(x, weight_ih, bias):
        i, f, o, z = (step + h @ weight_hh.T).split(hidden, dim=-1)
        c = gate(f + p_f * c) * c + gate(i + p_i * c) * cell(z)
        if clip is not None:
            c = c.clamp(-clip, clip)
        h = gate(o + p_o * c) * out(c)
        states.append(h)
    return torch.stack(states), h, c


def _common(
    x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The common form by torch's own kernel, which wants the cell gate before the output gate."""
    hidden = weight_hh.shape[1]
    given = torch.zeros(4 * hidden) if bias is None else _reordered(bias)
    weights = [_reordered(weight_ih), _reordered(weight_hh), given, torch.zeros(4 * hidden)]
    states, last_h, last_c = torch.lstm(
        x, [h[None].contiguous(), c[None].contiguous()], weights, True, 1, 0.0, False, False, False
    )
    return states, last_h[0], last_c[0]


def _reordered(parameter: Tensor) -> Tensor:
    """The gates in the order of torch, kept while the parameter lives: a copy takes as long as a sequence."""
    if parameter not in _REORDERED:
        i, f, o, z = parameter.chunk(4)
        _REORDERED[parameter] = torch.cat((i, f, z, o))
    found: Tensor = _REORDERED[parameter]
    return found
