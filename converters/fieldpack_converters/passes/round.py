"""The pass ``round``: every named layer's weights go to a grid so that its answer stays.

Layer after layer in the order of the model, each on the inputs that the already rounded layers before it
give, towards the answer of the float layer on float inputs. What is left of the mean error goes into the
bias, or into the batch norm behind the layer. The weights are written back as floats of the grid; TFLite's
and Core ML's 8-bit weights (and 4-bit ones, with ``bits = 4``) then hold the same integers. Depthwise layers
get 8 bits always: no file stores them with fewer. Zeros that ``prune_weights`` placed stay on step 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.passes import Round
from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes import adaround
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.grid import Grid, grid_of
from fieldpack_converters.passes.joints import Call, calls_of
from fieldpack_converters.passes.moments import Moments, moments_of
from fieldpack_converters.passes.norms import mean_taker
from fieldpack_converters.passes.reopened import twin_of
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import (
    WeightedLayer,
    matching,
    matrix,
    places,
    set_matrix,
    weighted_layers,
)
from fieldpack_converters.passes.zeros import kept_matrix

_TARGET_ROWS = 2
"""Rows for each column from which on the target follows what the layers before have changed."""


def apply(subject: Subject, step: Round) -> Applied:
    """Round the named layers in place."""
    opened, examples = subject.opened, subject.calibration_data()
    calls = calls_of(opened)
    order = {id(call.handle): place for place, call in reversed(list(enumerate(calls)))}
    layers = [layer for layer in matching(opened, step.layers) if _fits(layer, step)]
    layers.sort(key=lambda layer: order.get(id(layer.handle), len(calls)))
    twin = twin_of(opened)
    twins = {layer.name: layer for layer in weighted_layers(twin)}
    facts = {}
    for number, layer in enumerate(layers):
        subject.report(f"round {layer.name}", number / len(layers))
        found = moments_of(opened, layer, examples, subject.seed, (twin, twins[layer.name]))
        kept = kept_matrix(layer, subject.masks)
        facts[layer.name] = _round(opened, calls, layer, found, step, kept)
    return Applied(opened, tuple(layer.name for layer in layers), {"layers": facts})


def _fits(layer: WeightedLayer, step: Round) -> bool:
    """A layer that the block size does not divide stays float in the file, so it stays here."""
    return step.block_size is None or layer.weights().shape[1] % step.block_size == 0


def _round(
    opened: OpenedSource,
    calls: list[Call],
    layer: WeightedLayer,
    found: Moments,
    step: Round,
    kept: Array | None,
) -> dict[str, Any]:
    weights, take = matrix(layer), mean_taker(opened, calls, layer)
    moments, cross = (
        (found.second(), found.cross_second()) if take is None else (found.covariance, found.cross)
    )
    bits = 8 if _is_depthwise(layer) else step.bits
    grid = _grid(layer, weights, moments, bits, step.block_size)
    target = _target(weights, moments, cross, found.rows)
    steps = adaround.chosen(weights, target, moments, grid, step.iterations, kept)
    rounded = grid.real(steps)
    nearest = grid.real(np.where(grid.held(weights), grid.held(weights), grid.nearest(weights)))
    set_matrix(layer, rounded)
    if take is not None:
        take(_answer(weights, found.twin_mean) - _answer(rounded, found.mean))
    return {
        "bits": bits,
        "rows": found.rows,
        "nearest_mean_square": float(adaround.row_losses(target - nearest, moments).mean()),
        "mean_square": float(adaround.row_losses(target - rounded, moments).mean()),
        "changed": float(np.mean(rounded != nearest)),
        "mean_taken": take is not None,
    }


def _is_depthwise(layer: WeightedLayer) -> bool:
    return layer.groups > 1 and layer.weights().shape[1] == 1


def _grid(layer: WeightedLayer, weights: Array, moments: Array, bits: int, block_size: int | None) -> Grid:
    width = None if block_size is None else block_size * places(layer)
    importance = None
    if bits == 4:
        diagonal = np.diagonal(moments, axis1=1, axis2=2)
        importance = np.repeat(diagonal, weights.shape[0] // layer.groups, axis=0)
    return grid_of(weights, bits, width, importance)


def _target(weights: Array, moments: Array, cross: Array, rows: int) -> Array:
    """Weights that answer to the present inputs as the float layer does to its own, in the least squares."""
    columns = moments.shape[1]
    if rows < _TARGET_ROWS * columns:
        return weights
    damped = moments + adaround.DAMPING * np.eye(columns) * np.trace(
        moments, axis1=1, axis2=2
    )[:, None, None] / columns  # fmt: skip
    grouped = weights.reshape(moments.shape[0], -1, columns).astype(np.float64)
    moved = grouped @ (cross.transpose(0, 2, 1) - moments)
    solved = np.linalg.solve(damped + 1e-12 * np.eye(columns), moved.transpose(0, 2, 1)).transpose(0, 2, 1)
    return np.asarray((grouped + solved).reshape(weights.shape), np.float32)


def _answer(weights: Array, mean: Array) -> Array:
    grouped = weights.reshape(mean.shape[0], -1, weights.shape[1])
    return np.asarray((grouped @ mean[:, :, None]).reshape(-1))
