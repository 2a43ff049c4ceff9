"""``gru``: gated recurrent unit; ``GRULayerParams``.

``z = f(Wz x + Rz y + bz)``, ``r = f(Wr x + Rr y + br)``, ``o = g(Wo x + Ro (r * y) + bo)``,
``y = (1 - z) * o + z * y``. Inputs and outputs as in ``simple_recurrent``.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._activation import make_gate
from fieldpack.coreml.neural.layers._recurrent import as_blob, held, run_cell, sequence_of, state_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

INPUTS = (1, 2)
OUTPUTS = (1, 2)
_GATES = ("update", "reset", "output")


def bind(params: Any, site: Site) -> Run:
    size, width = int(params.outputVectorSize), int(params.inputVectorSize)
    if len(params.activations) != 2:
        raise ModelFileError("another number of activations", came=len(params.activations), allowed="2")
    f, g = (make_gate(entry, site) for entry in params.activations)
    wz, wr, wo = (site.weights(getattr(params, f"{gate}GateWeightMatrix"), [size, width]) for gate in _GATES)
    rz, rr, ro = (
        site.weights(getattr(params, f"{gate}GateRecursionMatrix"), [size, size]) for gate in _GATES
    )
    bz, br, bo = (
        site.weights(getattr(params, f"{gate}GateBiasVector"), [size]) if params.hasBiasVectors else None
        for gate in _GATES
    )

    def cell(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        z = f(held(F.linear(x, wz, bz) + F.linear(y, rz)))
        r = f(held(F.linear(x, wr, br) + F.linear(y, rr)))
        o = g(held(F.linear(x, wo, bo) + F.linear(y * r, ro)))
        return ((1 - z) * o + z * y,)

    def run(x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        steps = sequence_of(x, width)
        start = (state_of(states, 0, steps, size),)
        outputs, last = run_cell(cell, steps, start, bool(params.reverseInput))
        y = outputs if params.sequenceOutput else last[0]
        return (as_blob(y), as_blob(last[0]))[: site.outputs]

    return run
