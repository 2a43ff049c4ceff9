"""Thresholds of labels, fitted to a model's own answers where it is known which labels are present.

The arithmetic that is deployed decides where a threshold lies: rounding shifts all scores of a label, and a
threshold that moves with them keeps its map.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError

Rule = Literal["f1", "lpt_5"]
PERCENTILE = 5.0
"""Of ``lpt_5``: this share of the presences may be missed (Dorm et al. 2024, "LPT-R")."""

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


def fitted_thresholds(scores: Floats, presence: Flags, rule: Rule) -> Floats:
    """The threshold of every label, float32 [C]; NaN where it is present nowhere.

    Parameters
    ----------
    scores : ndarray
        float32 [N, C], what the model answers.
    presence : ndarray
        bool [N, C], which labels are present; the rest counts as absent.
    rule : str
        ``f1``: the largest F1 over the items, the highest threshold among equals, midway to the next lower
        score. ``lpt_5``: the 5th percentile of the scores at presences, by linear interpolation.

    Raises
    ------
    InputError
        The shapes differ, or a score is broken.
    """
    if scores.shape != presence.shape or scores.ndim != 2:
        raise InputError(
            "presence does not fit the scores", came=list(presence.shape), allowed=str(list(scores.shape))
        )
    if not np.isfinite(scores).all():
        raise InputError("thresholds cannot be fitted to scores that are NaN or infinite")
    fit = _largest_f1 if rule == "f1" else _percentile
    fitted = np.full(scores.shape[1], np.nan, np.float32)
    for label in np.flatnonzero(presence.any(axis=0)):
        fitted[label] = fit(scores[:, label], presence[:, label])
    return fitted


def _percentile(scores: Floats, presence: Flags) -> np.float32:
    return np.float32(np.percentile(scores[presence].astype(np.float64), PERCENTILE))


def _largest_f1(scores: Floats, presence: Flags) -> np.float32:
    order = np.argsort(-scores, kind="stable")
    falling = scores[order].astype(np.float64)
    hits = np.cumsum(presence[order])
    taken = np.arange(1, len(falling) + 1)
    ends = np.append(falling[1:] != falling[:-1], True)  # equal scores pass together
    f1 = np.where(ends, 2 * hits / (taken + hits[-1]), -1.0)
    best = int(np.argmax(f1))
    below = falling[best + 1] if best + 1 < len(falling) else falling[best]
    between = np.float32((falling[best] + below) / 2)
    return between if between > np.float32(below) or best + 1 == len(falling) else np.float32(falling[best])


def one_hot(labels: NDArray[np.int64], count: int) -> Flags:
    """Presence of single labels [N]: bool [N, count]; a negative one is none."""
    presence = np.zeros((len(labels), count), np.bool_)
    rows = np.flatnonzero(labels >= 0)
    presence[rows, labels[rows]] = True
    return presence
