"""``gru``: gated recurrent unit, iOS15 operator set; iOS18 adds ``reset_after`` and ``input_bias``.

With gates ordered reset, output, update in the weights::

    r = recurrent_activation(W_ir x + W_hr h + b_r)
    z = recurrent_activation(W_iz x + W_hz h + b_z)
    o = activation(W_io x + W_ho (r * h) + b_o)                      reset_after false
    o = activation(W_io x + b_io + r * (W_ho h + b_o))               reset_after true
    h = (1 - z) * o + z * h

``x`` is ``[steps, batch, inputs]``; gives the states ``[steps or 1, batch, hidden]`` in the order of
processing, and the last one ``[batch, hidden]``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._recurrent import activation_named, directed


def run(
    x: Tensor,
    initial_h: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    direction: str = "forward",
    output_sequence: bool = False,
    recurrent_activation: str = "sigmoid",
    activation: str = "tanh",
    reset_after: bool = False,
    input_bias: Tensor | None = None,
) -> tuple[Tensor, ...]:
    gate, act = activation_named(recurrent_activation), activation_named(activation)
    hidden = weight_hh.shape[1]
    hidden_bias = torch.zeros(3 * hidden) if bias is None else bias
    b_r, b_o, b_z = hidden_bias.split(hidden)
    w_r, w_o, w_z = (part.T for part in weight_hh.split(hidden))
    h, states = initial_h, []
    for step in torch.nn.functional.linear(directed(x, direction), weight_ih, input_bias):
        x_r, x_o, x_z = step.split(hidden, dim=-1)
        r = gate(x_r + h @ w_r + b_r)
        z = gate(x_z + h @ w_z + b_z)
        o = act(x_o + r * (h @ w_o + b_o)) if reset_after else act(x_o + (r * h) @ w_o + b_o)
        h = (1 - z) * o + z * h
        states.append(h)
    return torch.stack(states if output_sequence else states[-1:]), h
