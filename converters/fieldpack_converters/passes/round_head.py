"""The pass ``round_head``: GPTQ rounding of dense layers on the covariance of their real features.

The rounded weights are written back as floats of the grid, so that every converter stores the same
integers. The mean error of each class goes into its bias, where the layer has one. Zeros that
``prune_weights`` placed stay on step 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack.passes import RoundHead
from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes import gptq
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.grid import Grid, grid_of, row_slices
from fieldpack_converters.passes.moments import Moments, moments_of
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.weighted_layers import WeightedLayer, matching, matrix, set_matrix
from fieldpack_converters.passes.zeros import kept_matrix


def apply(subject: Subject, step: RoundHead) -> Applied:
    """Round the named dense layers in place, one after another."""
    layers = matching(subject.opened, step.layers, dense_only=True)
    examples = subject.calibration_data()
    facts = {}
    for number, layer in enumerate(layers):
        subject.report(f"round {layer.name}", number / len(layers))
        found = moments_of(subject.opened, layer, examples, subject.seed)
        facts[layer.name] = _round(layer, found, step, kept_matrix(layer, subject.masks))
    return Applied(subject.opened, tuple(layer.name for layer in layers), {"layers": facts})


def _round(layer: WeightedLayer, found: Moments, step: RoundHead, kept: Array | None) -> dict[str, Any]:
    weights, bias = matrix(layer), layer.bias()
    moments = found.second()[0] if bias is None else found.covariance[0]
    importance = np.diag(moments) if step.bits == 4 else None
    grid = grid_of(weights, step.bits, step.block_size, importance)
    steps = gptq.rounded(weights, moments, grid, step.damping, kept=kept)
    before, after = (
        _error(weights, grid, grid.nearest(weights), moments),
        _error(weights, grid, steps, moments),
    )
    rounded = grid.real(steps)
    if bias is not None:
        layer.set_bias(bias + (weights - rounded) @ found.mean[0].astype(np.float32))
    set_matrix(layer, rounded)
    return {"rows": found.rows, "nearest_mean_square": before, "mean_square": after}


def _error(weights: Array, grid: Grid, steps: Array, moments: Array) -> float:
    """Mean square of the error of the layer's answer."""
    total = 0.0
    for rows in row_slices(weights.shape[0]):
        lost = weights[rows] - steps[rows] * grid.spread(rows)
        total += float(np.einsum("ok,ok->", lost @ moments.astype(np.float32), lost))
    return float(total / weights.shape[0])
