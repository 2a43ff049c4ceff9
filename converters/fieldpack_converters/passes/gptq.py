"""Rounding one input after another, the error of each taken up by those still to come.

Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers" (2022),
on second moments of the layer's real inputs. Two orders of the inputs are tried: largest variance first,
and the one whose last inputs say least that the others do not. Each output keeps the better of both and of
nearest rounding, which wins where steps at the end of the grid can take no error up. Rows are worked on in
slices and columns in blocks, so that a head of 80,000 rows needs no second copy of itself.
"""

from __future__ import annotations

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.grid import Grid, row_slices

WIDEST = 2048
"""Inputs up to which the second order is tried; finding it takes seconds there, and minutes soon after."""
_COLUMNS = 32
_LEAST = 1e-300


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
    orders = [np.argsort(-np.diag(moments), kind="stable")]
    if len(moments) <= WIDEST:
        orders.append(entangled_last(_damped(moments, damping)))
    factors = [compensation(moments[np.ix_(order, order)], damping) for order in orders]
    form = moments.astype(np.float32)
    steps = np.empty(weights.shape, np.int8)
    for rows in row_slices(weights.shape[0]):
        part = np.array(weights[rows], np.float32)
        scales = grid.spread(rows)
        given = grid.held(part) if held is None else held[rows]
        free = None if kept is None else kept[rows]
        candidates = [
            _in_order(part, scales, given, free, order, factor, grid.last)
            for order, factor in zip(orders, factors, strict=True)
        ]
        nearest = np.clip(np.rint(part / scales), -grid.last, grid.last).astype(np.int8)
        nearest = np.where(given, given, nearest)
        candidates.append(nearest if free is None else nearest * free)
        best = np.stack([_losses(part, scales, each, form) for each in candidates]).argmin(axis=0)
        steps[rows] = np.choose(best[:, None], candidates)
    return steps


def entangled_last(moments: Array) -> Array:
    """Order of the inputs, int64 [K]: from its end, always the one that those behind it leave least of.

    What is lost at an input is its variance given the inputs still to come; the last ones have few to take
    their error up, so they are those with little of their own.
    """
    free = np.array(np.diag(moments), np.float64)
    columns = np.zeros((len(free), len(free)))
    order = np.empty(len(free), np.int64)
    for place in range(len(free)):
        chosen = int(free.argmin())
        column = moments[chosen] - columns[:place, chosen] @ columns[:place]
        columns[place] = column / np.sqrt(max(column[chosen], _LEAST))
        free -= np.square(columns[place])
        order[place] = chosen
        free[order[: place + 1]] = np.inf
    return order[::-1].copy()


def _in_order(
    weights: Array, scales: Array, given: Array, kept: Array | None, order: Array, factor: Array, last: int
) -> Array:
    """Steps int8 [R, K] of some rows, chosen in that order."""
    steps = np.empty(weights.shape, np.int8)
    steps[:, order] = _rounded_rows(
        weights.T[order],
        scales.T[order],
        given.T[order],
        None if kept is None else kept.T[order],
        factor,
        last,
    ).T
    return steps


def _losses(weights: Array, scales: Array, steps: Array, form: Array) -> Array:
    """Mean square of each output's error, float32 [R]."""
    lost = weights - steps * scales
    return np.asarray(np.einsum("ok,ok->o", lost @ form, lost))


def compensation(moments: Array, damping: float) -> Array:
    """Upper Cholesky factor of the inverse of damped second moments, float32 [K, K]."""
    damped = _damped(moments, damping)
    upper = np.linalg.cholesky(damped[::-1, ::-1])[::-1, ::-1]
    # With the axes turned round the triangle is an upper one, and its inverse the factor of the inverse.
    return np.linalg.inv(upper).astype(np.float32)


def _damped(moments: Array, damping: float) -> Array:
    damped = np.array(moments, np.float64)
    mean = float(np.diag(damped).mean())
    damped[np.diag_indices_from(damped)] += damping * (mean if mean > 0 else 1.0)
    return damped


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
