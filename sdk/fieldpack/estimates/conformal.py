"""Split conformal prediction: the fit that puts the promised share of calibration truths inside.

The number is the ``ceil((n + 1) * coverage)``-th smallest of the n numbers that would just put each truth on
an end (Vovk, Gammerman and Shafer 2005; Romano, Patterson and Candes, NeurIPS 2019, for quantiles; Lei et
al., JASA 2018, for scaled residuals). Its guarantee is for values that are exchangeable; pixels of one tile
resemble each other, so coverage is measured on other examples too, with bounds over blocks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.contract import Contract
from fieldpack.contract.estimates import PredictionInterval
from fieldpack.errors import InputError
from fieldpack.estimates.fit import IntervalFit
from fieldpack.estimates.intervals import Values, as_stated, bin_of, nonconformity
from fieldpack.verdict import SIGNIFICANT_DIGITS


def fit_interval(
    contract: Contract, interval: PredictionInterval, values: Values, truth: NDArray[Any]
) -> IntervalFit:
    """Fit one interval of one flavour.

    Parameters
    ----------
    contract : Contract
        What the outputs are.
    interval : PredictionInterval
        Of the contract.
    values : mapping
        Output name -> the flavour's own answers on the calibration data, [N, ...].
    truth : ndarray
        [N, ...] of the same shape, NaN where not known.

    Returns
    -------
    IntervalFit
        Rounded to 6 significant digits. A bin with too few values for its own number takes that of all
        together, and its count is 0.

    Raises
    ------
    InputError
        Shapes differ, or there are too few known values for the coverage.
    """
    if interval.refit == "none":
        return as_stated(interval)
    shape = next(iter(values.values())).shape
    if truth.shape != shape:
        raise InputError(
            f"the truth of {interval.quantity} has another shape than the model's answers",
            came=list(truth.shape),
            allowed=str(list(shape)),
            hint="give the truth at the resolution of the outputs, one number a pixel",
        )
    known = np.isfinite(truth)
    scores = nonconformity(contract, interval, values, truth.astype(np.float64))[known]
    bins = bin_of(contract, interval, values)[known]
    pooled = _smallest_enough(scores, interval.coverage)
    if pooled is None:
        raise InputError(
            f"interval {interval.name} cannot be refitted: too few calibration values are known",
            came=scores.size,
            allowed=f"at least {math.ceil(interval.coverage / (1 - interval.coverage))}",
        )
    numbers, counts = [], []
    for place in range(len(interval.bins) + 1):
        own = scores[bins == place]
        number = _smallest_enough(own, interval.coverage)
        numbers.append(_rounded(pooled if number is None else number))
        counts.append(0 if number is None else int(own.size))
    return IntervalFit(interval=interval.name, numbers=tuple(numbers), counts=tuple(counts))


def _smallest_enough(scores: NDArray[np.float64], coverage: float) -> float | None:
    """The smallest number that covers the share of so many, one of them unseen; None where n is too small."""
    rank = math.ceil(round((scores.size + 1) * coverage, 9))
    if rank > scores.size:
        return None
    number = float(np.partition(scores, rank - 1)[rank - 1])
    return number if math.isfinite(number) else None


def _rounded(number: float) -> float:
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}")
