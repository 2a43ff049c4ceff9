"""``biDirectionalLSTM``: one LSTM forwards and one backwards; ``BiDirectionalLSTMLayerParams``.

Both outputs stand side by side in the channels: at every step, or the last of each. Further inputs
and outputs are output and cell of the first, then of the second.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._lstm import make_cell
from fieldpack.coreml.neural.layers._recurrent import as_blob, run_cell, sequence_of, state_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

INPUTS = (1, 5)
OUTPUTS = (1, 5)
_DIRECTIONS = 2


def bind(params: Any, site: Site) -> Run:
    size, width = int(params.outputVectorSize), int(params.inputVectorSize)
    if len(params.weightParams) != _DIRECTIONS:
        raise ModelFileError("weights are not those of two directions", came=len(params.weightParams))
    forward = params.activationsForwardLSTM
    listed = (forward, params.activationsBackwardLSTM or forward)
    cells = [
        make_cell(activations, params.params, stored, size, width, site)
        for activations, stored in zip(listed, params.weightParams, strict=True)
    ]

    def run(x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        steps = sequence_of(x, width)
        outputs, ends = [], []
        for direction, cell in enumerate(cells):
            start = tuple(state_of(states, 2 * direction + place, steps, size) for place in range(2))
            found, last = run_cell(cell, steps, start, direction == 1)
            found = found.flip(0) if direction else found
            outputs.append(found if params.params.sequenceOutput else last[0])
            ends += [as_blob(state) for state in last]
        return (as_blob(torch.cat(outputs, -1)), *ends)[: site.outputs]

    return run
