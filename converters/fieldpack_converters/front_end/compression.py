"""The compression of a front-end as operations; :mod:`fieldpack.preprocess.compression` has the formulas."""

from __future__ import annotations

import math

import numpy as np

from fieldpack.contract.spectrogram import Decibel, MelSpec, NaturalLog, Pcen, Root
from fieldpack_converters.front_end.operations import Graph, Value


def compressed(graph: Graph, values: Value, spec: MelSpec) -> Value:
    """``spec.log`` of power or magnitude [frames, bands]."""
    log = spec.log
    if isinstance(log, NaturalLog):
        added = log.floor_kind == "added"
        held = graph.shifted(values, log.floor) if added else graph.at_least(values, log.floor)
        level = graph.logarithm(held)
        return level if log.factor == 1 else graph.scaled(level, log.factor)
    if isinstance(log, Root):
        return graph.power(values, log.exponent)
    if isinstance(log, Pcen):
        return _normalised_energy(graph, values, log)
    return _decibels(graph, values, log, spec.power) if isinstance(log, Decibel) else values


def _decibels(graph: Graph, values: Value, log: Decibel, power: int) -> Value:
    squares = graph.squared(values) if power == 1 else values
    level = graph.scaled(graph.logarithm(graph.at_least(squares, log.floor)), 10 / math.log(10))
    if isinstance(log.reference, str):
        level = graph.minus(level, graph.reduced(level, "max"))
    elif (reference := max(log.reference, log.floor)) != 1:
        level = graph.shifted(level, -10 * math.log10(reference))
    if isinstance(log.top_db, str):
        return level
    return graph.larger(level, graph.shifted(graph.reduced(level, "max"), -log.top_db))


def _normalised_energy(graph: Graph, values: Value, log: Pcen) -> Value:
    divisor = graph.power(graph.shifted(_smoothed(graph, values, log), log.epsilon), log.gain)
    ratio = graph.scaled(graph.over(values, divisor), 1.0 / log.bias)
    return graph.scaled(_grown(graph, ratio, log.exponent), log.bias**log.exponent)


def _grown(graph: Graph, value: Value, exponent: float) -> Value:
    """``(1 + value) ** exponent - 1``, for halves, quarters and so on without losing quiet frames' digits.

    ``sqrt(1 + v) - 1`` is ``v / (sqrt(1 + v) + 1)``, which subtracts nothing.
    """
    halvings = -math.log2(exponent)
    if halvings != int(halvings):
        return graph.shifted(graph.power(graph.shifted(value, 1.0), exponent), -1.0)
    for _ in range(int(halvings)):
        value = graph.over(value, graph.shifted(graph.root(graph.shifted(value, 1.0)), 1.0))
    return value


def _smoothed(graph: Graph, values: Value, log: Pcen) -> Value:
    """The recurrence over a fixed number of frames as one product: m[t] is a sum of x[0] to x[t]."""
    frames = values.shape[0]
    age = np.arange(frames)[None, :] - np.arange(frames)[:, None]
    kept = 1.0 - log.smoothing
    weights = np.where(age >= 0, log.smoothing * kept ** np.maximum(age, 0), 0.0)
    faded = np.asarray(kept ** np.arange(1, frames + 1), np.float64)
    if log.initial == "first_frame":
        weights[0] += faded
    across = graph.matmul(graph.transpose(values, 1, 0), weights)
    if log.initial == "one":
        across = graph.shifted(across, faded)
    return graph.transpose(across, 1, 0)
