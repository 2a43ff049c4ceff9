"""``rnn``: ``h[t] = activation(W_ih x[t] + W_hh h[t-1] + b)``, iOS15 operator set.

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
    activation: str = "tanh",
) -> tuple[Tensor, ...]:
    act = activation_named(activation)
    h, states = initial_h, []
    for step in torch.nn.functional.linear(directed(x, direction), weight_ih, bias):
        h = act(step + h @ weight_hh.T)
        states.append(h)
    return torch.stack(states if output_sequence else states[-1:]), h
