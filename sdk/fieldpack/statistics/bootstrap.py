"""Paired bootstrap of means and macro means.

Pairing is done by the caller: each item brings one contribution that already holds both
models, such as ``source_right - flavour_right`` or the divergence of the two outputs.
Resampling is vectorised: every resample is one row of a weight matrix.

Percentile bounds are joined with normal bounds corrected for skewness, and the wider count.
Both need variation to work with: with fewer than five independent units they
say nothing, so the bounds are then the ends of the possible range. A caller whose items can
differ rarely (right or wrong) joins these bounds with a binomial or Tango interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.statistics.interval import CONFIDENCE, Interval, check_confidence
from fieldpack.statistics.normal import normal_quantile

RESAMPLES = 2000
SEED = 20_240_501
FEWEST_UNITS = 5
"""Below this many independent units a bootstrap says nothing."""
SMALLEST_STRATUM = 5
"""Classes with fewer items share one stratum: alone, a single item would never vary."""
CELLS_A_CHUNK = 4_000_000
"""Size of one block of the weight matrix, 32 MB in float64."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is drawn: ``unit`` of each item, ``stratum`` of each unit; draws stay in a stratum."""

    unit: Integers
    stratum: Integers


def bootstrap_mean(
    values: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    support: tuple[float, float] = (-math.inf, math.inf),
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Mean of the contributions with bootstrap bounds.

    Parameters
    ----------
    values : array_like [N], float
        Contribution of every item.
    blocks : array_like [N], optional
        Group of every item (observation, site, recorder, tile); whole groups are drawn, so
        that items which resemble each other are not counted as independent.
    strata : array_like [N], optional
        Class of every item; items are drawn within their class. Not together with ``blocks``.
    support : (float, float)
        Smallest and largest possible mean; the answer when there are too few units.
    confidence : float
        Of each bound alone.
    resamples : int
        Number of resamples.
    seed : int
        Of numpy's PCG64; the same seed and data give the same bounds.

    Raises
    ------
    InputError
        When lengths differ or both ``blocks`` and ``strata`` are given.

    Notes
    -----
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 13 and 16.
    """
    contributions = _vector(values)
    weights = np.full(len(contributions), 1 / max(len(contributions), 1))
    sampling = _sampling(len(contributions), blocks, strata)
    return _bounds(contributions, weights, sampling, support, confidence, resamples, seed)


def bootstrap_macro_mean(
    values: ArrayLike,
    classes: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    support: tuple[float, float] = (-math.inf, math.inf),
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Mean over classes of the class means, with bootstrap bounds.

    Every item weighs ``1 / (classes * items of its class)``. Items are drawn within their class,
    so that no class drops out of a resample; classes with fewer than five items share a stratum.
    With ``blocks`` whole groups are drawn instead: within their class where every group is of one class,
    else over all classes. Parameters and errors as in :func:`bootstrap_mean`; ``classes`` is array_like
    [N], the class of every item.
    """
    contributions = _vector(values)
    if blocks is not None:
        sampling = _blocks_by_class(
            _sampling(len(contributions), blocks, None), _codes(classes, len(contributions), "classes")
        )
    else:
        sampling = _sampling(len(contributions), None, classes)
    weights = macro_weights(classes)
    return _bounds(contributions, weights, sampling, support, confidence, resamples, seed)


def resampled_counts(
    n: int, *, blocks: ArrayLike | None = None, resamples: int = RESAMPLES, seed: int = SEED
) -> Iterator[Floats]:
    """How often each of `n` items is drawn, [rows, n], in parts of `resamples` rows together.

    For figures that are no mean of contributions. Whole groups are drawn where there are `blocks`
    [N]; errors as in :func:`bootstrap_mean`.
    """
    sampling = _sampling(n, blocks, None)
    units = len(sampling.stratum)
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = max(1, CELLS_A_CHUNK // max(units, n, 1))
    for first in range(0, resamples, rows):
        drawn = _draw_counts(generator, min(rows, resamples - first), np.zeros(1, np.int64), units)
        yield drawn[:, sampling.unit]


def macro_weights(classes: ArrayLike) -> Floats:
    """Weight of every item in a macro mean: ``1 / (classes * items of its class)``, sum 1."""
    _, codes, counts = np.unique(np.asarray(classes), return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (max(len(counts), 1) * counts[codes.reshape(-1)]), dtype=np.float64)


def effective_size(weights: ArrayLike) -> float:
    """Kish's effective number of items, ``sum(w)**2 / sum(w**2)``; N for equal weights."""
    vector = _vector(weights)
    return float(vector.sum() ** 2 / np.square(vector).sum()) if vector.size else 0.0


def _bounds(
    values: Floats,
    weights: Floats,
    sampling: Sampling,
    support: tuple[float, float],
    confidence: float,
    resamples: int,
    seed: int,
) -> Interval:
    check_confidence(confidence)
    units = len(sampling.stratum)
    if not np.all(np.isfinite(values)):
        return Interval(math.nan, support[0], support[1], units)
    if not len(values):
        return Interval(math.nan, support[0], support[1], 0)
    estimate = float(np.dot(weights, values))
    if units < FEWEST_UNITS:
        return Interval(estimate, support[0], support[1], units)
    means = np.concatenate(list(_resampled_means(values, weights, sampling, resamples, seed)))
    percentile = np.quantile(means, [1 - confidence, confidence])
    skewed = _skewness_bounds(values, weights, sampling, estimate, confidence)
    low = max(min(float(percentile[0]), skewed[0], estimate), min(support[0], estimate))
    high = min(max(float(percentile[1]), skewed[1], estimate), max(support[1], estimate))
    return Interval(estimate, low, high, units)


def _skewness_bounds(
    values: Floats, weights: Floats, sampling: Sampling, estimate: float, confidence: float
) -> tuple[float, float]:
    """Normal bounds with the skewness of the units taken in (Johnson 1978, JASA 73:536-544).

    A divergence is small on most items and large on a few; percentiles of resamples alone then
    put the upper bound too low. On log-normal contributions (sigma 1) the joined upper bound covers
    0.88 at 50 units and 0.925 at 200, instead of 0.85 and 0.91.
    """
    units, strata = len(sampling.stratum), int(sampling.stratum.max()) + 1
    weight = np.bincount(sampling.unit, weights, units)
    total = np.bincount(sampling.unit, weights * values, units)
    norm = np.bincount(sampling.stratum, weight, strata)
    ratio = np.bincount(sampling.stratum, total, strata) / norm
    influence = total - ratio[sampling.stratum] * weight
    variance, third = float(np.square(influence).sum()), float((influence**3).sum())
    if variance == 0:
        return estimate, estimate
    z = normal_quantile(confidence)
    error, shift = math.sqrt(variance), third / variance * (2 * z * z + 1) / 6
    return estimate - z * error + shift, estimate + z * error + shift


def _resampled_means(
    values: Floats, weights: Floats, sampling: Sampling, resamples: int, seed: int
) -> Iterator[Floats]:
    """Weighted mean of each resample; the total weight of a stratum stays what it was."""
    units, strata = len(sampling.stratum), int(sampling.stratum.max()) + 1
    weight = np.bincount(sampling.unit, weights, units)
    total = np.bincount(sampling.unit, weights * values, units)
    share = np.bincount(sampling.stratum, weight, strata)
    order = np.argsort(sampling.stratum, kind="stable")
    starts = np.searchsorted(sampling.stratum[order], np.arange(strata))
    weight, total = weight[order], total[order]
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = max(1, CELLS_A_CHUNK // units)
    for first in range(0, resamples, rows):
        counts = _draw_counts(generator, min(rows, resamples - first), starts, units)
        sums = np.add.reduceat(counts * total, starts, axis=1)
        norms = np.add.reduceat(counts * weight, starts, axis=1)
        yield np.asarray((sums / norms) @ share, dtype=np.float64)


def _draw_counts(generator: np.random.Generator, rows: int, starts: Integers, units: int) -> Floats:
    """How often each unit is drawn, [rows, units]; units lie sorted by stratum."""
    sizes = np.diff(np.append(starts, units))
    offset, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    drawn = offset + np.minimum((generator.random((rows, units)) * size).astype(np.int64), size - 1)
    drawn += np.arange(rows)[:, None] * units
    return np.bincount(drawn.reshape(-1), minlength=rows * units).reshape(rows, units).astype(np.float64)


def _sampling(n: int, blocks: ArrayLike | None, strata: ArrayLike | None) -> Sampling:
    if blocks is not None and strata is not None:
        raise InputError(
            "a bootstrap draws either whole blocks or items within classes",
            came="both blocks and strata",
            allowed="one of them",
        )
    if blocks is not None:
        unit = _codes(blocks, n, "blocks")
        return Sampling(unit, np.zeros(int(unit.max()) + 1 if n else 0, dtype=np.int64))
    items = np.arange(n, dtype=np.int64)
    if strata is None:
        return Sampling(items, np.zeros(n, dtype=np.int64))
    return Sampling(items, _pooled_strata(_codes(strata, n, "strata")))


def _blocks_by_class(sampling: Sampling, classes: Integers) -> Sampling:
    """Groups drawn within their class; as they were where a group has several classes."""
    stratum = np.zeros(len(sampling.stratum), dtype=np.int64)
    stratum[sampling.unit] = classes
    if not np.array_equal(stratum[sampling.unit], classes):
        return sampling
    return Sampling(sampling.unit, _pooled_strata(stratum))


def _pooled_strata(codes: Integers) -> Integers:
    """Stratum of every item: its class, or stratum 0 for all classes that are too small."""
    counts = np.bincount(codes) if codes.size else np.zeros(0, dtype=np.int64)
    small = counts[codes] < SMALLEST_STRATUM
    return np.unique(np.where(small, -1, codes), return_inverse=True)[1].reshape(-1).astype(np.int64)


def _codes(groups: ArrayLike, n: int, name: str) -> Integers:
    array = np.asarray(groups)
    if array.shape != (n,):
        raise InputError(f"{name} must have one entry for every item", came=array.shape, allowed=f"({n},)")
    return np.unique(array, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _vector(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError("contributions must be one number an item", came=array.shape, allowed="[N]")
    return array
