"""Rounding one input after another, the error of each taken up by those still to come.

Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers" (2022),
on second moments of the layer's real inputs, the inputs of largest variance first. Rows are worked on
in slices and columns in blocks, so that a head of 80,000 rows needs no second copy of itself.
"""

from __future__ import annotations

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.grid import Grid, row_slices

_COLUMNS = 128


def rounded(
    weights: Array,
    moments: Array,
    grid: Grid,
    damping: float,
    held: Array | None = None,
    kept: Array | None = None,
) -> Array:
    """Steps with little error of the layer's answer.

    Parameters
    ----------
    weights : ndarray
        float32 [O, K].
    moments : ndarray
        float64 [K, K], second moments of the inputs, about their mean where the bias takes the mean error.
    grid : Grid
        Scales of the weights.
    damping : float
        Share of the mean of the diagonal that is added to it.
    held : ndarray, optional
        int8 [O, K], steps that are given, 0 where free; ``grid.held(weights)`` where None.
    kept : ndarray, optional
        bool [O, K], False where the step must be 0; all True where None.

    Returns
    -------
    ndarray
        int8 [O, K]; the largest weight of each channel or block stays at the last step.
    """
    order = np.argsort(-np.diag(moments), kind="stable")
    factor = compensation(moments[np.ix_(order, order)], damping)
    steps = np.empty(weights.shape, np.int8)
    for rows in row_slices(weights.shape[0]):
        part = np.array(weights[rows], np.float32)
        given = grid.held(part) if held is None else held[rows]
        turned = _rounded_rows(
            part.T[order],
            grid.spread(rows).T[order],
            given.T[order],
            None if kept is None else kept[rows].T[order],
            factor,
            grid.last,
        )
        steps[rows][:, order] = turned.T
    return steps


def compensation(moments: Array, damping: float) -> Array:
    """Upper Cholesky factor of the inverse of damped second moments, float32 [K, K]."""
    damped = np.array(moments, np.float64)
    mean = float(np.diag(damped).mean())
    damped[np.diag_indices_from(damped)] += damping * (mean if mean > 0 else 1.0)
    upper = np.linalg.cholesky(damped[::-1, ::-1])[::-1, ::-1]
    # With the axes turned round the triangle is an upper one, and its inverse the factor of the inverse.
    return np.linalg.inv(upper).astype(np.float32)


def _rounded_rows(
    weights: Array, scales: Array, given: Array, kept: Array | None, factor: Array, last: int
) -> Array:
    """int8 [K, R] of arrays [K, R]: what an input changes lies in one piece; `weights` is used up."""
    count = len(weights)
    steps = np.empty(weights.shape, np.int8)
    for start in range(0, count, _COLUMNS):
        end = min(start + _COLUMNS, count)
        errors = np.empty((end - start, weights.shape[1]), np.float32)
        for column in range(start, end):
            values, scale = weights[column], scales[column]
            chosen = np.clip(np.rint(values / scale), -last, last)
            chosen = np.where(given[column], given[column], chosen).astype(np.float32)
            if kept is not None:
                chosen *= kept[column]
            steps[column] = chosen
            error = errors[column - start]
            error[:] = (values - chosen * scale) / factor[column, column]
            weights[column + 1 : end] -= factor[column, column + 1 : end, None] * error
        weights[end:] -= (errors.T @ factor[start:end, end:]).T
    return steps
