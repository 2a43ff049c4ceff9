"""Activation functions, as the activation layer and the recurrent layers use them.

Message ``ActivationParams`` and the thirteen messages of its choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import over_channels
from fieldpack.coreml.neural.site import Site
from fieldpack.coreml.neural.weights import count_of
from fieldpack.errors import ModelFileError

#: Functions without parameters.
_PLAIN: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softsign": F.softsign,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros(())),
}
#: Alpha and beta of a gate where neither is set.
_GATE_NUMBERS = {"linear": (1.0, 0.0), "scaledTanh": (1.0, 1.0), "sigmoidHard": (0.2, 0.5)}


def make_activation(params: Any, site: Site) -> Callable[[Tensor], Tensor]:
    """The function that an ``ActivationParams`` message chooses.

    Raises
    ------
    ModelFileError
        It chooses none, or its weights are wrong.
    """
    kind = params.WhichOneof("NonlinearityType")
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in ("PReLU", "parametricSoftplus"):
        return _per_channel(kind, getattr(params, kind), site)
    if kind is None:
        raise ModelFileError("no activation is chosen", allowed="one of ActivationParams")
    chosen = getattr(params, kind)
    return _scalar(kind, float(chosen.alpha), float(getattr(chosen, "beta", 0.0)))


def make_gate(params: Any, site: Site) -> Callable[[Tensor], Tensor]:
    """As ``make_activation`` for a recurrent layer, where numbers that are not set have a default.

    coremltools names the activation of a gate and sets none of its numbers; its tests hold Core ML to
    ``x``, ``tanh(x)`` and ``0.2 x + 0.5`` held within 0 and 1 then.

    Raises
    ------
    ModelFileError
        As for ``make_activation``.
    """
    kind = str(params.WhichOneof("NonlinearityType"))
    if kind in _GATE_NUMBERS:
        chosen = getattr(params, kind)
        if not chosen.alpha and not chosen.beta:
            return _scalar(kind, *_GATE_NUMBERS[kind])
    return make_activation(params, site)


def _scalar(kind: str, a: float, b: float) -> Callable[[Tensor], Tensor]:
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "linear": lambda x: a * x + b,
        "leakyReLU": lambda x: torch.where(x >= 0, x, a * x),
        "thresholdedReLU": lambda x: torch.where(x >= a, x, torch.zeros(())),
        "scaledTanh": lambda x: a * torch.tanh(b * x),
        "sigmoidHard": lambda x: (a * x + b).clamp(0, 1),
        "ELU": lambda x: torch.where(x >= 0, x, a * torch.expm1(x)),
    }
    return functions[kind]


def _per_channel(kind: str, params: Any, site: Site) -> Callable[[Tensor], Tensor]:
    a = over_channels(site.weights(params.alpha, [count_of(params.alpha)]))
    if kind == "PReLU":
        return lambda x: torch.where(x >= 0, x, a * x)
    b = over_channels(site.weights(params.beta, [count_of(params.beta)]))
    return lambda x: a * torch.logaddexp(b * x, torch.zeros(()))
