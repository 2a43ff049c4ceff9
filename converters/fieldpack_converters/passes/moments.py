"""First and second moments of a layer's inputs, in the model as it is now and in its float twin.

A linear layer's mean squared error depends on its inputs through these moments alone, so the calibration
data is read once a layer, batch by batch, and never kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.patches import rows_met
from fieldpack_converters.passes.recording import calls_met, last_inputs_met
from fieldpack_converters.passes.subject import Examples
from fieldpack_converters.passes.weighted_layers import WeightedLayer, places

BATCH = 16
ROWS_A_COLUMN = 4
LEAST_ROWS, MOST_ROWS = 4096, 32768


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one layer; g groups, K columns of the weight matrix.

    Attributes
    ----------
    rows : int
        Input rows that were counted.
    mean, twin_mean : ndarray
        float64 [g, K], mean input now and in the twin.
    covariance : ndarray
        float64 [g, K, K] of the inputs now.
    cross : ndarray
        float64 [g, K, K], inputs now against those of the twin.
    """

    rows: int
    mean: Array
    twin_mean: Array
    covariance: Array
    cross: Array

    def second(self) -> Array:
        """Second moments about zero, float64 [g, K, K]."""
        return np.asarray(self.covariance + self.mean[:, :, None] * self.mean[:, None, :])

    def cross_second(self) -> Array:
        """``cross`` about zero."""
        return np.asarray(self.cross + self.mean[:, :, None] * self.twin_mean[:, None, :])


def moments_of(
    opened: OpenedSource,
    layer: WeightedLayer,
    examples: Examples,
    seed: int,
    twin: tuple[OpenedSource, WeightedLayer] | None = None,
) -> Moments:
    """Moments of a layer's inputs over the examples; without a twin the layer is its own.

    Convolutions meet many rows; a seeded sample is taken, four for each column and at least 4096.
    """
    columns = int(np.prod(layer.weights().shape[1:]))
    wanted = int(np.clip(ROWS_A_COLUMN * columns, LEAST_ROWS, MOST_ROWS))
    size = opened.fixed_batch or BATCH
    batches = range(0, len(examples), size)
    most = wanted if places(layer) == 1 and layer.window is None else -(-wanted // len(batches))
    sums, calls = _Sums(), [0, 0]
    for start in batches:
        arrays = [np.array(array[start : start + size]) for array in examples.inputs]
        if arrays[0].shape[0] < size and opened.fixed_batch:
            break
        if start == 0:
            pairs = [(opened, layer), *([twin] if twin else [])]
            calls = [calls_met(model, one, arrays) for model, one in pairs]
        now = _rows(opened, layer, arrays, most, seed + start, calls[0])
        then = now if twin is None else _rows(twin[0], twin[1], arrays, most, seed + start, calls[-1])
        sums.add(now, then)
    return sums.moments()


def sampled_inputs(
    opened: OpenedSource, layer: WeightedLayer, examples: Examples, seed: int, most: int
) -> Array:
    """What reaches a dense layer from a seeded sample of so many examples, float32 [N, K]."""
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(len(examples), min(most, len(examples)), replace=False))
    size = opened.fixed_batch or BATCH
    whole = len(chosen) - (len(chosen) % size if opened.fixed_batch else 0)
    first = [np.array(array[:size]) for array in examples.inputs]
    calls = calls_met(opened, layer, first)
    met = []
    for start in range(0, whole, size):
        arrays = [np.array(array[chosen[start : start + size]]) for array in examples.inputs]
        found = last_inputs_met(opened, layer, arrays, calls)
        met.append(np.asarray(found.reshape(-1, found.shape[-1]), np.float32))
    return np.concatenate(met)


def _rows(
    opened: OpenedSource, layer: WeightedLayer, arrays: list[Array], most: int, seed: int, calls: int
) -> Array:
    """The same seed picks the same places in the model and in its twin."""
    met = last_inputs_met(opened, layer, arrays, calls)
    return rows_met(layer, met, most, np.random.default_rng(seed))


class _Sums:
    def __init__(self) -> None:
        self.rows = 0
        self.now = self.then = self.squares = self.products = np.zeros(())

    def add(self, now: Array, then: Array) -> None:
        turned = now.transpose(0, 2, 1)
        self.rows += now.shape[1]
        self.now = self.now + now.sum(axis=1)
        self.then = self.then + then.sum(axis=1)
        self.squares = self.squares + turned @ now
        self.products = self.squares if then is now else self.products + turned @ then

    def moments(self) -> Moments:
        mean, twin_mean = self.now / self.rows, self.then / self.rows
        return Moments(
            self.rows,
            mean,
            twin_mean,
            self.squares / self.rows - mean[:, :, None] * mean[:, None, :],
            self.products / self.rows - mean[:, :, None] * twin_mean[:, None, :],
        )
