"""``uniDirectionalLSTM``: long short-term memory, cell as in ``_lstm``; ``UniDirectionalLSTMLayerParams``.

Inputs: sequence and, where given, output and cell before. Outputs: sequence (or the last one) and,
where named, the last output and cell.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._lstm import make_cell
from fieldpack.coreml.neural.layers._recurrent import as_blob, run_cell, sequence_of, state_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 3)
OUTPUTS = (1, 3)


def bind(params: Any, site: Site) -> Run:
    size, width = int(params.outputVectorSize), int(params.inputVectorSize)
    cell = make_cell(params.activations, params.params, params.weightParams, size, width, site)

    def run(x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        steps = sequence_of(x, width)
        start = tuple(state_of(states, place, steps, size) for place in range(2))
        outputs, (y, c) = run_cell(cell, steps, start, bool(params.reverseInput))
        first = outputs if params.params.sequenceOutput else y
        return (as_blob(first), as_blob(y), as_blob(c))[: site.outputs]

    return run
