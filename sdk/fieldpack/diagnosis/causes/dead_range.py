"""``dead_range``: a scale far wider than the values, a tensor that never changes, channels of zeros."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from fieldpack.diagnosis.finding import Cause, Examined, Finding, worst_first
from fieldpack.diagnosis.subject import (
    CHANNEL_AXIS,
    FIXED_SCALE,
    KEEPS_SCALE,
    Subject,
    affine,
    file_range,
    real_values,
    stored_values,
    weighted,
)
from fieldpack.tflite.facts import Tensor
from fieldpack.verdict import Evidence

FEWEST_TIMES = 8.0
"""The scale is this many times wider than the values seen: three of eight bits are unused."""
FEWEST_EXAMPLES = 4
NOTICEABLE = 1e-3
"""A float channel whose largest weight is this share of its layer's largest was not dead before."""
CALIBRATE = (
    "calibrate on examples like these, with mse or percentile ranges; leave single broken examples out"
)
CONSTANT = "what feeds this layer is lost: keep the layer before it float with a rule, or take the layer out"
PRUNE = 'take the channels out ([[recipe]] method = "prune_channels"): they cost time and say nothing'
ROUNDED = (
    "these channels are not zero in the float file: quantise channel by channel, or keep the layer float"
)


def examine(subject: Subject) -> Examined:
    """Channels of zeros from the file; widths and constancy on examples."""
    layers = list(weighted(subject.model))
    floats = _float_weights(subject)
    findings = [
        found
        for number, (position, _, weights) in enumerate(layers)
        for found in _channels(subject, position, weights, floats.get(number))
    ]
    looked = f"{len(layers)} weight tensors"
    if subject.observed is None or subject.observed.examples < FEWEST_EXAMPLES:
        left = f"activations: give --data with {FEWEST_EXAMPLES} examples or more"
        return Examined(worst_first(findings), looked, left)
    for position, node in enumerate(subject.nodes):
        for index in node.outputs:
            findings += list(_activation(subject, position, index))
    return Examined(worst_first(findings), f"{looked}, {len(subject.observed.tensors)} activations")


def _channels(
    subject: Subject,
    position: int,
    weights: Tensor,
    floating: np.ndarray | None,
) -> Iterator[Finding]:
    values = stored_values(subject.model, weights)
    axis = CHANNEL_AXIS[subject.nodes[position].name]
    if values is None or not affine_or_channels(weights) or values.ndim <= axis:
        return
    point = weights.zero_point[0] if weights.zero_point else 0
    zero = _by_channel(values != point, axis) == 0
    if not zero.any():
        return
    layer, count = subject.layer(position), int(zero.sum())
    if floating is not None and floating.shape == values.shape:
        large = np.abs(floating) > NOTICEABLE * np.abs(floating).max()
        lost = int((zero & (_by_channel(large, axis) > 0)).sum())
        if lost:
            says = f"the weights of {lost} of {len(zero)} channels were rounded to zero"
            yield Finding(CAUSE.name, layer, lost / len(zero), says, Evidence.HOST, ROUNDED)
            return
    says = f"the weights of {count} of {len(zero)} channels are all zero"
    yield Finding(CAUSE.name, layer, count / len(zero), says, Evidence.ESTIMATED, PRUNE)


def affine_or_channels(weights: Tensor) -> bool:
    """Whether the stored integers can be held against zero points."""
    return weights.dtype in ("int8", "uint8") and bool(weights.scale) and not weights.blockwise


def _by_channel(flags: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(np.moveaxis(flags, axis, 0).reshape(flags.shape[axis], -1).sum(axis=1))


def _float_weights(subject: Subject) -> dict[int, np.ndarray]:
    """The sibling's weights by order; none when both files do not have the same weighted operators."""
    if subject.sibling is None:
        return {}
    theirs, ours = list(weighted(subject.sibling)), list(weighted(subject.model))
    if [node.name for _, node, _ in theirs] != [node.name for _, node, _ in ours]:
        return {}
    values = {number: real_values(subject.sibling, item[2]) for number, item in enumerate(theirs)}
    return {number: array for number, array in values.items() if array is not None}


def _activation(subject: Subject, position: int, index: int) -> Iterator[Finding]:
    seen, tensor, node = subject.seen(index), subject.tensor(index), subject.nodes[position]
    idle = index not in subject.fed or node.name in KEEPS_SCALE | FIXED_SCALE
    if seen is None or not affine(tensor) or idle:
        return
    layer, low_high = subject.layer(position), file_range(tensor)
    if seen.low == seen.high:
        value = tensor.scale[0] * (seen.low - tensor.zero_point[0])
        says = f"every value is {value:.4g} on every example"
        yield Finding(CAUSE.name, layer, math.inf, says, Evidence.HOST, CONSTANT)
        return
    width = subject.seen_width(index) or 0.0
    times = (low_high[1] - low_high[0]) / width if width else math.inf
    if times >= FEWEST_TIMES:
        says = f"the scale covers {low_high[0]:.4g} to {low_high[1]:.4g}, {times:.0f} times the width seen: "
        says += f"{math.log2(times):.1f} of 8 bits are unused"
        yield Finding(CAUSE.name, layer, times, says, Evidence.HOST, CALIBRATE)


CAUSE = Cause("dead_range", "a scale far wider than the values, or values that never change", examine)
