"""Area under the ROC curve of every species, on the sites as they are and on sites drawn again.

The share of pairs of a site with the species and one without that the scores put in the right order, half of
the ties among them (Hanley and McNeil 1982). All models are scored on the same draws, so that differences are
paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack.statistics.bootstrap import resampled_counts

RESAMPLES = 400

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of one survey: model -> [sites, species], and what was there, bool [sites, species]."""

    scores: Mapping[str, NDArray[np.floating]]
    present: NDArray[np.bool_]


def area(scores: NDArray[np.floating], present: NDArray[np.bool_], counts: Floats) -> Floats:
    """Area [B] for each row of counts [B, N], how often each site is in; NaN without both kinds of sites."""
    order = np.argsort(scores, kind="stable")
    rising, there = scores[order], present[order]
    starts = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))
    drawn = counts[:, order]
    with_it = np.add.reduceat(drawn * there, starts, axis=1)
    without = np.add.reduceat(drawn * ~there, starts, axis=1)
    below = np.cumsum(without, axis=1) - without
    pairs = with_it.sum(axis=1) * without.sum(axis=1)
    right = (with_it * (below + without / 2)).sum(axis=1)
    return np.asarray(np.divide(right, pairs, out=np.full(len(counts), np.nan), where=pairs > 0))


def areas(surveys: Sequence[Judged]) -> dict[str, Floats]:
    """Of each model the area of every species [1 + draws, species]: first on the sites, then on each draw.

    The sites of each survey are drawn among themselves.
    """
    parts: dict[str, list[Floats]] = {model: [] for model in surveys[0].scores}
    for survey in surveys:
        found: dict[str, list[Floats]] = {model: [] for model in parts}
        for counts in _draws(len(survey.present)):
            for model, scores in survey.scores.items():
                columns = [area(scores[:, k], survey.present[:, k], counts) for k in range(scores.shape[1])]
                found[model].append(np.stack(columns, axis=1))
        for model, rows in found.items():
            parts[model].append(np.concatenate(rows))
    return {model: np.concatenate(columns, axis=1) for model, columns in parts.items()}


def _draws(sites: int) -> list[Floats]:
    drawn = resampled_counts(sites, blocks=None, resamples=RESAMPLES)
    return [np.ones((1, sites)), *(np.asarray(counts, np.float64) for counts in drawn)]


def interval(values: Floats) -> dict[str, float]:
    """The first value and the 2.5th and 97.5th percentile of the others, rounded."""
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return {"value": round(float(values[0]), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def mean_over_species(values: Floats) -> Floats:
    """Mean of each draw [1 + draws] over the species that have an area in it."""
    if not np.isfinite(values[0]).any():
        return np.full(len(values), math.nan)
    return np.asarray(np.nanmean(values, axis=1))
