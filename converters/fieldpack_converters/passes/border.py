"""Second moments of a head's features where its labels are undecided.

An error of a score that is sure changes no map. A feature row counts for a label by p (1 - p), the slope of
its sigmoid score p, each label's weights summing to 1. Labels whose undecided rows lie near each other share
their moments, which are drawn towards those of all rows: a border is seen by few rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.grid import row_slices

MOST_GROUPS, LEAST_LABELS = 128, 4
SHARED = 0.3
"""Share of the moments of all rows."""
MOST_SCORES, LEAST_ROWS, MOST_ROWS = 2**27, 1024, 32768
_SURE = 30.0
_TINY = 1e-30
_ROUNDS, _SEEDED = 12, 4096


@dataclass(frozen=True, slots=True)
class Border:
    """What some labels share; K features.

    Attributes
    ----------
    labels : ndarray
        int64 [L], their rows in the weights, rising.
    moments : ndarray
        float64 [K, K] of the features, about their mean where that was asked for.
    mean : ndarray
        float64 [K], weighted mean of the features.
    """

    labels: Array
    moments: Array
    mean: Array


def rows_wanted(labels: int) -> int:
    """How many feature rows are looked at, so that all scores of them take seconds."""
    return int(np.clip(MOST_SCORES // labels, LEAST_ROWS, MOST_ROWS))


def borders(
    weights: Array, bias: Array | None, features: Array, *, about_mean: bool, seed: int
) -> list[Border]:
    """Labels in groups, each with the moments of its border; every label is in one.

    Parameters
    ----------
    weights : ndarray
        float32 [O, K].
    bias : ndarray or None
        float32 [O].
    features : ndarray
        float32 [N, K].
    about_mean : bool
        Moments about the mean of each group, for a layer whose bias takes the mean error; else about zero.
    seed : int
        Of the grouping.
    """
    groups = _groups(_centres(weights, bias, features), seed)
    count = int(groups.max()) + 1
    shares = np.zeros((count, len(features)))
    for rows, undecided in _undecided(weights, bias, features):
        members = groups[rows] == np.arange(count)[:, None]
        shares += members.astype(np.float32) @ undecided.T
    even = np.full(len(features), 1 / len(features))
    every, _ = _moments(features, even, about_mean)
    found = []
    for number, share in enumerate(shares):
        labels = np.flatnonzero(groups == number)
        if labels.size:
            total = share.sum()
            own, mean = _moments(features, share / total if total > 0 else even, about_mean)
            scale = np.trace(every) / max(np.trace(own), _TINY)
            found.append(Border(labels, SHARED * every + (1 - SHARED) * scale * own, mean))
    return found


def _undecided(weights: Array, bias: Array | None, features: Array) -> Iterator[tuple[slice, Array]]:
    """Slices of labels, and float32 [N, L] how much each row counts for them."""
    for rows in row_slices(len(weights)):
        logits = features @ weights[rows].T
        if bias is not None:
            logits += bias[rows]
        np.clip(logits, -_SURE, _SURE, out=logits)
        chances = 1 / (1 + np.exp(-logits))
        slopes = chances * (1 - chances)
        slopes /= np.maximum(slopes.sum(axis=0), np.float32(_TINY))
        yield rows, slopes


def _centres(weights: Array, bias: Array | None, features: Array) -> Array:
    """Where in the features each label is undecided, float32 [O, K]."""
    found = np.empty((len(weights), features.shape[1]), np.float32)
    for rows, undecided in _undecided(weights, bias, features):
        found[rows] = undecided.T @ features
    return found


def _groups(centres: Array, seed: int) -> Array:
    """k-means on a seeded sample: the group of every label, int64 [O]."""
    generator = np.random.default_rng(seed)
    count = int(np.clip(len(centres) // LEAST_LABELS, 1, MOST_GROUPS))
    sample = centres[np.sort(generator.choice(len(centres), min(len(centres), _SEEDED), replace=False))]
    middles = sample[np.sort(generator.choice(len(sample), count, replace=False))].copy()
    for _ in range(_ROUNDS):
        near = _nearest(sample, middles)
        for number in np.unique(near):
            middles[number] = sample[near == number].mean(axis=0)
    return _nearest(centres, middles)


def _nearest(points: Array, middles: Array) -> Array:
    lengths = np.square(middles).sum(axis=1)
    return np.concatenate(
        [(lengths - 2 * points[rows] @ middles.T).argmin(axis=1) for rows in row_slices(len(points))]
    )


def _moments(features: Array, share: Array, about_mean: bool) -> tuple[Array, Array]:
    """Weighted moments float64 [K, K] and mean float64 [K]; the shares sum to 1."""
    mean = share @ features.astype(np.float64)
    about = features - mean.astype(np.float32) if about_mean else features
    weighted = about * np.sqrt(share).astype(np.float32)[:, None]
    return (weighted.T @ weighted).astype(np.float64), mean
