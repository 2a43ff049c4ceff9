"""The pass ``low_rank``: a dense layer becomes two thinner ones.

torch: ``nn.Sequential(Linear, Linear)`` under the old name, as ``torch_structure`` rebuilds it. Keras: the
functional graph is rebuilt with ``NAME_first`` before the layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import LowRank
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.factoring import factored
from fieldpack_converters.passes.keras_rebuilding import rebuilt
from fieldpack_converters.passes.moments import moments_of
from fieldpack_converters.passes.reopened import reopened
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import WeightedLayer, matching, matrix

Factors = tuple[Array, Array, Array | None]
"""First [r, K], second [O, r] and bias [O] of a factored layer."""


def apply(subject: Subject, step: LowRank) -> Applied:
    """Factor the named dense layers.

    Raises
    ------
    SpecError
        The rank saves nothing in a layer.
    """
    layers = matching(subject.opened, step.layers, dense_only=True)
    factors: dict[str, Factors] = {}
    facts: dict[str, Any] = {}
    for number, layer in enumerate(layers):
        subject.report(f"factor {layer.name}", number / len(layers))
        _demand_smaller(layer, step.rank)
        factors[layer.name], facts[layer.name] = _factors(subject, layer, step)
    change = _in_torch if subject.is_torch else _in_keras
    return Applied(change(subject.opened, layers, factors), tuple(factors), {"layers": facts})


def _factors(subject: Subject, layer: WeightedLayer, step: LowRank) -> tuple[Factors, dict[str, Any]]:
    weights, bias = matrix(layer), layer.bias()
    covariance = mean = None
    if step.weighting == "covariance":
        found = moments_of(subject.opened, layer, subject.calibration_data(), subject.seed)
        covariance, mean = (found.second() if bias is None else found.covariance)[0], found.mean[0]
    first, second, kept = factored(weights, covariance, step.rank, subject.seed)
    if bias is not None and mean is not None:
        lost = weights @ mean - second @ (first @ mean)
        bias = (bias + lost).astype(np.float32)
    return (first, second, bias), {"rank": step.rank, "kept": kept}


def _demand_smaller(layer: WeightedLayer, rank: int) -> None:
    outputs, inputs = layer.weights().shape
    most = (outputs * inputs - 1) // (outputs + inputs)
    if rank > most:
        raise SpecError(
            f"the rank does not make {layer.name} smaller",
            came=rank,
            allowed=f"1 to {most} for {inputs} inputs and {outputs} outputs",
        )


def _in_torch(opened: OpenedSource, layers: list[WeightedLayer], factors: dict[str, Factors]) -> OpenedSource:
    import torch

    for layer in layers:
        first, second, bias = factors[layer.name]
        pair = torch.nn.Sequential(
            torch.nn.Linear(first.shape[1], first.shape[0], bias=False),
            torch.nn.Linear(second.shape[1], second.shape[0], bias=bias is not None),
        ).eval()
        values = {"0.weight": first, "1.weight": second, **({} if bias is None else {"1.bias": bias})}
        pair.load_state_dict({key: torch.from_numpy(value) for key, value in values.items()})
        parent, _, last = layer.name.rpartition(".")
        setattr(opened.model.get_submodule(parent), last, pair)
    return reopened(opened, opened.model)


def _in_keras(opened: OpenedSource, layers: list[WeightedLayer], factors: dict[str, Factors]) -> OpenedSource:
    handles = {id(layer.handle): factors[layer.name] for layer in layers}

    def pair(layer: Any) -> list[Any]:
        if id(layer) not in handles:
            return [layer]
        first, second, bias = handles[id(layer)]
        return _keras_pair(layer, first, second, bias)

    return reopened(opened, rebuilt(opened, pair))


def _keras_pair(layer: Any, first: Array, second: Array, bias: Array | None) -> list[Any]:
    kind, settings = type(layer), layer.get_config()
    for word in ("kernel_initializer", "bias_initializer", "quantization_config", "lora_rank"):
        settings.pop(word, None)
    inner = kind(first.shape[0], use_bias=False, name=f"{layer.name}_first")
    outer = kind.from_config(settings)
    for made, values in ((inner, [first.T]), (outer, [second.T, *([] if bias is None else [bias])])):
        made.build((None, values[0].shape[0]))
        made.set_weights(values)
    return [inner, outer]
