"""The pass ``equalise``: neighbouring layers scaled against each other, channel by channel.

Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.1.
What a layer makes is divided by s and what the next one reads multiplied by it; that is the same function
where only ReLU, batch norm of the first layer, pooling or padding with zeros stands between them and nothing
else reads the value. A joint with another activation, such as ReLU6, is left as it is. Behind a batch norm
the scale goes into its gamma and beta; ranges are those of the weights with it folded in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import Equalise
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.joints import Call, Kind, calls_of, only_reader
from fieldpack_converters.passes.norms import can_scale, norm_behind, norm_gain, scale_norm
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import WeightedLayer, matching, matrix

_SWEEPS = 20
_SETTLED = 1e-3
_MOST = 1e3


@dataclass(frozen=True, slots=True)
class Joint:
    """Two layers whose shared channels can be scaled; the batch norm behind the first, if any."""

    first: WeightedLayer
    norm: Any | None
    second: WeightedLayer


def apply(subject: Subject, step: Equalise) -> Applied:
    """Equalise every joint between two named layers, in place.

    Raises
    ------
    SpecError
        No two named layers can be scaled against each other.
    """
    opened = subject.opened
    layers = matching(opened, step.layers)
    found = [
        joint
        for joint in joints_of(calls_of(opened), layers)
        if joint.norm is None or can_scale(opened, joint.norm)
    ]
    if not found:
        raise SpecError(
            "no two of the named layers can be scaled against each other",
            came=", ".join(layer.name for layer in layers[:8]),
            allowed="ReLU, batch norm, pooling or zero padding alone between them",
        )
    before = [unevenness(opened, joint) for joint in found]
    for _ in range(_SWEEPS):
        if max(_equalised(opened, joint) for joint in found) < _SETTLED:
            break
    after = [unevenness(opened, joint) for joint in found]
    names = dict.fromkeys(name for joint in found for name in (joint.first.name, joint.second.name))
    facts = {
        "joints": [[joint.first.name, joint.second.name] for joint in found],
        "unevenness_before": float(np.mean(before)),
        "unevenness": float(np.mean(after)),
    }
    return Applied(opened, tuple(names), facts)


def joints_of(calls: list[Call], layers: list[WeightedLayer]) -> list[Joint]:
    """The joints, in the order of the model."""
    named = {id(layer.handle): layer for layer in layers}
    found = []
    for call in calls:
        first = named.get(id(call.handle))
        if first is None or sum(other.handle is call.handle for other in calls) > 1:
            continue
        norm = norm_behind(calls, first)
        second = _next(calls, call, first, norm)
        layer = None if second is None else named.get(id(second.handle))
        if layer is not None and _channels(layer) == first.weights().shape[0]:
            found.append(Joint(first, norm, layer))
    return found


def _next(calls: list[Call], call: Call, first: WeightedLayer, norm: Any | None) -> Call | None:
    """The layer that alone reads what `first` makes, through calls that scale along."""
    fused = getattr(getattr(first.handle, "activation", None), "__name__", "linear")
    if fused not in ("linear", "relu"):
        return None
    reader = only_reader(calls, call.made[0])
    while reader is not None and reader.kind is not Kind.WEIGHTED:
        passes = reader.kind in (Kind.RELU, Kind.CARRIES) or reader.handle is norm is not None
        if not passes or len(reader.made) != 1:
            return None
        reader = only_reader(calls, reader.made[0])
    once = reader is not None and sum(other.handle is reader.handle for other in calls) == 1
    return reader if once else None


def _channels(layer: WeightedLayer) -> int:
    return int(layer.weights().shape[1]) * layer.groups


def ranges(opened: OpenedSource, joint: Joint) -> tuple[Array, Array]:
    """Largest weight of each shared channel in the first layer and in the second, float64 [C]."""
    first = np.abs(matrix(joint.first)).max(axis=1).astype(np.float64)
    if joint.norm is not None:
        first = first * np.abs(norm_gain(opened, joint.norm))
    return first, _columns(joint.second).astype(np.float64)


def _columns(layer: WeightedLayer) -> Array:
    """Largest weight that reads each input channel."""
    weights = np.abs(layer.weights())
    grouped = weights.reshape(layer.groups, -1, weights.shape[1], int(np.prod(weights.shape[2:])))
    return np.asarray(grouped.max(axis=(1, 3)).reshape(-1))


def unevenness(opened: OpenedSource, joint: Joint) -> float:
    """How far apart the ranges are: standard deviation of their base-2 logarithms, both layers' mean."""
    parts = [values[values > 0] for values in ranges(opened, joint)]
    return float(np.mean([np.std(np.log2(part)) if part.size else 0.0 for part in parts]))


def _equalised(opened: OpenedSource, joint: Joint) -> float:
    """Scale one joint; returns the largest change of a scale, in logarithms."""
    first, second = ranges(opened, joint)
    live = (first > 0) & (second > 0)
    scale = np.ones_like(first)
    scale[live] = np.clip(np.sqrt(first[live] / second[live]), 1 / _MOST, _MOST)
    if joint.norm is not None:
        scale_norm(opened, joint.norm, 1 / scale)
    else:
        weights, bias = joint.first.weights(), joint.first.bias()
        joint.first.set_weights(weights / _along(scale, weights.ndim))
        if bias is not None:
            joint.first.set_bias((bias / scale).astype(np.float32))
    weights = joint.second.weights()
    grouped = weights.reshape(joint.second.groups, -1, *weights.shape[1:])
    factors = scale.reshape(joint.second.groups, 1, weights.shape[1], *[1] * (weights.ndim - 2))
    joint.second.set_weights((grouped * factors).reshape(weights.shape).astype(np.float32))
    return float(np.abs(np.log(scale)).max())


def _along(scale: Array, rank: int) -> Array:
    return scale.reshape(-1, *[1] * (rank - 1)).astype(np.float32)
