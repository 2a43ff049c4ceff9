"""Figures of a range model where the whole truth is known: average precision, and F1 at thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.vision.world import CLASSES

PERCENTILE = 5.0
"""A threshold lies at this percentile of the scores where a kind was seen (Dorm et al. 2024, LPT-R)."""

Scores = NDArray[np.float32]
Truth = NDArray[np.bool_]


def thresholds(scores: Scores, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """One threshold a kind [C], from scores [N, C] at observations of single kinds [N]."""
    kinds = range(scores.shape[1])
    return np.array([np.percentile(scores[labels == kind, kind].astype(float), PERCENTILE) for kind in kinds])


def average_precision(scores: Scores, truth: Truth) -> NDArray[np.float64]:
    """Of each kind [C]: the mean precision at its presences [N, C], in falling order of the scores [N, C]."""
    found = []
    for column in range(scores.shape[1]):
        hits = truth[np.argsort(-scores[:, column], kind="stable"), column]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        found.append(precision[hits].mean())
    return np.array(found)


def f1(scores: Scores, truth: Truth, limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each kind [C], where it is expected at its limit and above."""
    expected = scores >= limits
    return np.asarray(2 * (expected & truth).sum(axis=0) / (expected.sum(axis=0) + truth.sum(axis=0)))


def figures(scores: Scores, truth: Truth, limits: NDArray[np.float64]) -> dict[str, Any]:
    """Means over kinds, and each kind's share of the planet, average precision, F1 and limit."""
    precision, balance, shares = average_precision(scores, truth), f1(scores, truth, limits), truth.mean(0)
    kinds = {
        kind: {
            "share_of_planet": round(float(shares[k]), 4),
            "average_precision": round(float(precision[k]), 4),
            "f1": round(float(balance[k]), 4),
            "threshold": round(float(limits[k]), 4),
        }
        for k, kind in enumerate(CLASSES)
    }
    return {
        "places": len(truth),
        "mean_average_precision": round(float(precision.mean()), 4),
        "mean_f1": round(float(balance.mean()), 4),
        "kinds": kinds,
    }
