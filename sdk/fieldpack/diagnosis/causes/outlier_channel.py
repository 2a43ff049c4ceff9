"""``outlier_channel``: one channel is so much wider than the others that they keep few steps.

Weights suffer where a whole tensor has one scale (files of 2018 to 2020, dense layers of older converters);
activations always have one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from fieldpack.diagnosis.finding import Cause, Examined, Finding, worst_first
from fieldpack.diagnosis.subject import CHANNEL_AXIS, Subject, affine, real_values, weighted
from fieldpack.tflite.facts import Tensor
from fieldpack.verdict import Evidence

FEWEST_TIMES = 16.0
"""The widest channel is this many times the middle one: half of the channels lose four of eight bits."""
FEWEST_CHANNELS = 4
WEIGHTS_FIX = "quantise the weights channel by channel (Fieldpack's static_int8 and dynamic_int8 do)"
ACTIVATION_FIX = (
    'equalise the layers around it ([[recipe]] method = "equalise"), choose mse or percentile ranges, or '
    "keep the layer float with a rule"
)


def examine(subject: Subject) -> Examined:
    """Compare the widest channel with the middle one: weights from the file, activations on examples."""
    shared = [item for item in weighted(subject.model) if affine(item[2])]
    findings = [found for position, _, weights in shared for found in _weights(subject, position, weights)]
    looked = f"{len(shared)} weight tensors with one scale"
    if subject.observed is None:
        return Examined(worst_first(findings), looked, "activations: give --data")
    seen = 0
    for position, node in enumerate(subject.nodes):
        for index in node.outputs:
            if index in subject.observed.tensors and node.name in CHANNEL_AXIS:
                seen += 1
                findings += list(_activation(subject, position, index))
    return Examined(worst_first(findings), f"{looked}, {seen} activations")


def _weights(subject: Subject, position: int, weights: Tensor) -> Iterator[Finding]:
    axis = CHANNEL_AXIS[subject.nodes[position].name]
    values = real_values(subject.model, weights)
    if values is None or values.ndim <= axis:
        return
    largest = np.abs(np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)).max(axis=1)
    for times in _times(largest):
        says = f"one scale for {len(largest)} channels of weights: {_said(times)}"
        layer = subject.layer(position)
        yield Finding(CAUSE.name, layer, times, says, Evidence.ESTIMATED, WEIGHTS_FIX)


def _activation(subject: Subject, position: int, index: int) -> Iterator[Finding]:
    tensor, seen = subject.tensor(index), subject.seen(index)
    if seen is None or not affine(tensor):
        return
    zero = tensor.zero_point[0]
    steps = np.maximum(seen.channel_high, zero) - np.minimum(seen.channel_low, zero)
    changing = steps[seen.channel_high > seen.channel_low]
    for times in _times(changing.astype(np.float64)):
        says = f"one scale for {len(changing)} channels that change: {_said(times)}"
        layer = subject.layer(position)
        yield Finding(CAUSE.name, layer, times, says, Evidence.HOST, ACTIVATION_FIX)


def _times(widths: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Iterator[float]:
    """Widest over middle, where it matters; channels that are zero throughout say nothing."""
    living = widths[widths > 0]
    if len(living) >= FEWEST_CHANNELS:
        times = float(living.max() / np.median(living))
        if times >= FEWEST_TIMES:
            yield times


def _said(times: float) -> str:
    kept = max(0.0, 8 - math.log2(times))
    return f"the widest is {times:.0f} times the middle one, which keeps {kept:.1f} of 8 bits"


CAUSE = Cause("outlier_channel", "one channel takes the range of all", examine)
