"""Figures that are functions of sums over items, such as an RMSE or a ratio, with block bootstrap bounds.

The items' contributions are added up once for each resample; then every figure is computed from the same
sums, so that a ratio of two models is paired. Percentile bounds are joined with normal ones of the resamples'
deviation, and the wider count, as in :mod:`fieldpack.statistics.bootstrap`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.statistics.bootstrap import FEWEST_UNITS, RESAMPLES, SEED, resampled_counts
from fieldpack.statistics.interval import CONFIDENCE, Interval, check_confidence
from fieldpack.statistics.normal import normal_quantile

Floats = NDArray[np.float64]
Figure = Callable[[Floats], Floats]
"""Sums [..., K] to one number each [...]."""


class ResampledSums:
    """Sums of the contributions, over all items and over each resample.

    Parameters
    ----------
    contributions : array_like [N, K], float
        K numbers that each item adds.
    blocks : array_like [N], optional
        Group of every item; whole groups are drawn.
    resamples, seed : int
        As in :func:`fieldpack.statistics.bootstrap.bootstrap_mean`.

    Raises
    ------
    InputError
        Contributions are no matrix, or blocks have another length.
    """

    def __init__(
        self,
        contributions: ArrayLike,
        blocks: ArrayLike | None = None,
        resamples: int = RESAMPLES,
        seed: int = SEED,
    ) -> None:
        matrix = np.asarray(contributions, np.float64)
        if matrix.ndim != 2:
            raise InputError("contributions must be K numbers an item", came=matrix.shape, allowed="[N, K]")
        self.items = len(matrix)
        self.units = self.items if blocks is None else len(np.unique(np.asarray(blocks)))
        self._whole = matrix.sum(axis=0)
        self._drawn = np.zeros((0, matrix.shape[1]))
        if self.units >= FEWEST_UNITS:
            parts = resampled_counts(self.items, blocks=blocks, resamples=resamples, seed=seed)
            self._drawn = np.concatenate([counts @ matrix for counts in parts])

    def interval(
        self, figure: Figure, *, magnitude: bool = False, confidence: float = CONFIDENCE
    ) -> Interval:
        """A figure with bounds; unbounded where there are fewer than five units.

        Parameters
        ----------
        figure : callable
            Of the sums.
        magnitude : bool
            The absolute value is wanted; its bounds come from those of the signed one.
        confidence : float
            Of each bound alone.
        """
        check_confidence(confidence)
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate, drawn = float(figure(self._whole)), figure(self._drawn)
        if not len(drawn) or not math.isfinite(estimate):
            low, high = (0.0 if magnitude else -math.inf), math.inf
            return Interval(abs(estimate) if magnitude else estimate, low, high, self.units)
        # A resample without a single known value says nothing.
        drawn = drawn[np.isfinite(drawn)]
        low, high = np.quantile(drawn, [1 - confidence, confidence])
        error = normal_quantile(confidence) * float(drawn.std())
        low, high = min(float(low), estimate - error), max(float(high), estimate + error)
        if magnitude:
            low, high = max(0.0, low, -high), max(abs(low), abs(high))
        return Interval(abs(estimate) if magnitude else estimate, low, high, self.units)
