"""``simpleRecurrent``: ``y[t] = f(W x[t] + R y[t-1] + b)``; ``SimpleRecurrentLayerParams``.

Inputs: sequence and, where given, the output before. Outputs: sequence (or the last one) and, where
named, the last one.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._activation import make_gate
from fieldpack.coreml.neural.layers._recurrent import as_blob, held, run_cell, sequence_of, state_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 2)
OUTPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    size, width = int(params.outputVectorSize), int(params.inputVectorSize)
    weight = site.weights(params.weightMatrix, [size, width])
    recursion = site.weights(params.recursionMatrix, [size, size])
    bias = site.weights(params.biasVector, [size]) if params.hasBiasVector else None
    f = make_gate(params.activation, site)

    def cell(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        return (f(held(F.linear(x, weight, bias) + F.linear(y, recursion))),)

    def run(x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        steps = sequence_of(x, width)
        start = (state_of(states, 0, steps, size),)
        outputs, last = run_cell(cell, steps, start, bool(params.reverseInput))
        y = outputs if params.sequenceOutput else last[0]
        return (as_blob(y), as_blob(last[0]))[: site.outputs]

    return run
