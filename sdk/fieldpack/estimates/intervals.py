"""From outputs to the ends of an interval, with a flavour's own fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.contract import Contract
from fieldpack.contract.estimates import PredictionInterval, QuantileEnds, Spread
from fieldpack.errors import ContractError
from fieldpack.estimates.fit import IntervalFit
from fieldpack.statistics.normal import normal_quantile

Values = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]


def standard_deviation(estimate: Spread, values: NDArray[Any]) -> Floats:
    """The standard deviation that a spread stands for; a negative one or a negative variance counts as 0."""
    numbers = values.astype(np.float64)
    if estimate.form == "log_variance":
        return np.asarray(np.exp(0.5 * numbers))
    return np.maximum(numbers, 0) if estimate.form == "std" else np.sqrt(np.maximum(numbers, 0))


def as_stated(interval: PredictionInterval) -> IntervalFit:
    """The interval as the model says it: the quantiles, or the multiple of a normal distribution."""
    quantiles = isinstance(interval.ends, QuantileEnds)
    number = 0.0 if quantiles else normal_quantile((1 + interval.coverage) / 2)
    bins = len(interval.bins) + 1
    return IntervalFit(interval=interval.name, numbers=(number,) * bins, counts=(0,) * bins)


def interval_ends(
    contract: Contract, interval: PredictionInterval, fit: IntervalFit, values: Values
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lower and upper end of an interval.

    Parameters
    ----------
    contract : Contract
        What the outputs are.
    interval : PredictionInterval
        Of the contract.
    fit : IntervalFit
        Of the flavour.
    values : mapping
        Output name -> ndarray of one shape.

    Returns
    -------
    (ndarray, ndarray)
        float32, in the shape of the values. The mean, else the median, lies inside always; without either,
        ends that would cross are both their middle.

    Raises
    ------
    ContractError
        The fit has another number of bins than the interval.
    """
    if len(fit.numbers) != len(interval.bins) + 1:
        raise ContractError(
            f"the fit of interval {interval.name} has another number of bins",
            came=len(fit.numbers),
            allowed=str(len(interval.bins) + 1),
        )
    lower, upper, room = _rough(contract, interval, values)
    number = np.asarray(fit.numbers)[bin_of(contract, interval, values)]
    low, high = lower - number * room, upper + number * room
    point = _point(contract, interval, values)
    if point is None:
        middle, crossed = (low + high) / 2, low > high
        low, high = np.where(crossed, middle, low), np.where(crossed, middle, high)
    else:
        low, high = np.minimum(low, point), np.maximum(high, point)
    return low.astype(np.float32), high.astype(np.float32)


def bin_of(contract: Contract, interval: PredictionInterval, values: Values) -> NDArray[np.int64]:
    """Bin of every answer, by the mean or the median; a value on an end belongs to the bin above."""
    if not interval.bins:
        return np.zeros(next(iter(values.values())).shape, np.int64)
    point = _point(contract, interval, values)
    if point is None:
        raise ContractError(f"interval {interval.name} has bins, and no mean or median says in which one")
    return np.asarray(np.digitize(point, np.asarray(interval.bins)), np.int64)


def nonconformity(
    contract: Contract, interval: PredictionInterval, values: Values, truth: NDArray[Any]
) -> Floats:
    """The number that would just put each truth on an end of its interval; minus infinity where any does."""
    lower, upper, room = _rough(contract, interval, values)
    point = _point(contract, interval, values)
    outside = np.maximum(lower - truth, truth - upper)
    if point is not None:  # it lies inside always, so only the end on the truth's side can leave it out
        outside = np.where(truth > point, truth - upper, lower - truth)
        outside = np.where(truth == point, -np.inf, outside)
    if isinstance(interval.ends, QuantileEnds):
        return np.asarray(outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(outside <= 0, 0.0, outside / room))


def _point(contract: Contract, interval: PredictionInterval, values: Values) -> Floats | None:
    """The mean, else the median."""
    point = contract.point(interval.quantity)
    return None if point is None else values[point.name].astype(np.float64)


def _rough(
    contract: Contract, interval: PredictionInterval, values: Values
) -> tuple[Floats, Floats, Floats | float]:
    """Ends without a fit, and what one unit of the fit moves them."""
    ends = interval.ends
    if isinstance(ends, QuantileEnds):
        return values[ends.lower].astype(np.float64), values[ends.upper].astype(np.float64), 1.0
    spread = next(item.estimate for item in contract.outputs if item.name == ends.spread)
    if not isinstance(spread, Spread):
        raise ContractError(f"output {ends.spread} of interval {interval.name} is no spread")
    mean = values[ends.mean].astype(np.float64)
    return mean, mean, standard_deviation(spread, values[ends.spread])
