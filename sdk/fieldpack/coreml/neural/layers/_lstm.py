"""The cell of both LSTM layers. Messages ``LSTMParams`` and ``LSTMWeightParams``.

``i = f(Wi x + Ri y + pi * c + bi)``, ``f`` likewise, ``z = g(Wz x + Rz y + bz)``,
``c = c * f + i * z``, ``o = f(Wo x + Ro y + po * c + bo)``, ``y = h(c) * o``. With coupled gates
``1 - i`` stands for the forget gate; ``c`` is held within the clip threshold, 0 standing for 50.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._activation import make_gate
from fieldpack.coreml.neural.layers._recurrent import Cell, held
from fieldpack.coreml.neural.site import Site
from fieldpack.errors import ModelFileError

_GATES = ("inputGate", "forgetGate", "blockInput", "outputGate")
_CLIP = 50.0
_ACTIVATIONS = 3


def make_cell(activations: Any, params: Any, stored: Any, size: int, width: int, site: Site) -> Cell:
    """The step of one direction.

    Raises
    ------
    ModelFileError
        Weights or activations do not fit.
    """
    if len(activations) != _ACTIVATIONS:
        raise ModelFileError("another number of activations", came=len(activations), allowed="3")
    f, g, h = (make_gate(entry, site) for entry in activations)
    gates = _GATES if not params.coupledInputAndForgetGate else ("inputGate", "blockInput", "outputGate")
    weight = {gate: site.weights(getattr(stored, f"{gate}WeightMatrix"), [size, width]) for gate in gates}
    recursion = {
        gate: site.weights(getattr(stored, f"{gate}RecursionMatrix"), [size, size]) for gate in gates
    }
    bias = {gate: _bias(params, stored, gate, size, site) for gate in gates}
    peep = _peepholes(params, stored, gates, size, site)
    clip = float(params.cellClipThreshold) or _CLIP

    def gate_of(name: str, x: Tensor, y: Tensor, c: Tensor) -> Tensor:
        total = F.linear(x, weight[name], bias[name]) + F.linear(y, recursion[name])
        return held(total + peep[name] * c if name in peep else total)

    def cell(x: Tensor, y: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        i = f(gate_of("inputGate", x, y, c))
        forget = f(gate_of("forgetGate", x, y, c)) if "forgetGate" in weight else 1 - i
        c = (c * forget + i * g(gate_of("blockInput", x, y, c))).clamp(-clip, clip)
        return h(c) * f(gate_of("outputGate", x, y, c)), c

    return cell


def _bias(params: Any, stored: Any, gate: str, size: int, site: Site) -> Tensor | None:
    more = 1.0 if params.forgetBias and gate == "forgetGate" else 0.0
    if params.hasBiasVectors:
        return site.weights(getattr(stored, f"{gate}BiasVector"), [size]) + more
    return torch.full((size,), more) if more else None


def _peepholes(params: Any, stored: Any, gates: tuple[str, ...], size: int, site: Site) -> dict[str, Tensor]:
    if not params.hasPeepholeVectors:
        return {}
    names = [gate for gate in gates if gate != "blockInput"]
    return {gate: site.weights(getattr(stored, f"{gate}PeepholeVector"), [size]) for gate in names}
