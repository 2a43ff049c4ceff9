"""Bounds on the accuracy that a flavour lost, from the same items run through both models.

Only the items whose correctness changed carry information: ``losses`` (source right, flavour
wrong) and ``gains`` (source wrong, flavour right). The drop is ``(losses - gains) / n``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.errors import InputError
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.interval import CONFIDENCE, Interval, check_confidence, check_counts
from fieldpack.statistics.normal import normal_quantile

BISECTIONS = 60
Floats = NDArray[np.float64]


def paired_drop(losses: float, gains: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Accuracy drop with bounds that hold for small counts too.

    Tango's score bounds. Where all changes point one way the score bound on that side is a
    little short, so the exact bound on the share of losses (or gains) is joined to it: with no
    change in ``n`` items the drop is at most ``1 - 0.05 ** (1 / n)``, about ``3 / n``, never 0.

    Parameters
    ----------
    losses, gains, n : float
        Counts; fractional effective counts are taken too. ``n = 0`` gives -1 to 1.
    confidence : float
        Of each bound alone.

    Raises
    ------
    InputError
        When the counts do not fit each other.
    """
    check_counts(n, losses=losses, gains=gains)
    check_confidence(confidence)
    if n == 0:
        return Interval(np.nan, -1.0, 1.0, 0)
    low, high = (float(bound[()]) for bound in tango(losses, gains, n, confidence))
    if gains == 0:
        high = max(high, clopper_pearson(losses, n, confidence).high)
    if losses == 0:
        low = min(low, -clopper_pearson(gains, n, confidence).high)
    drop = (losses - gains) / n
    return Interval(drop, min(low, drop), max(high, drop), int(n))


def tango(
    losses: ArrayLike, gains: ArrayLike, n: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[Floats, Floats]:
    """Tango's score bounds on a difference of paired shares, element by element.

    Parameters
    ----------
    losses, gains, n : array_like
        Counts that broadcast together, ``n`` at least 1.
    confidence : float
        Of each bound alone.

    Returns
    -------
    low, high : float64 arrays
        Within -1 to 1.

    Notes
    -----
    Tango 1998, Statistics in Medicine 17:891-908: the bound is the difference ``d`` at which
    the score statistic ``(b - c - n d) / sqrt(n (2 q + d (1 - d)))`` reaches the normal
    quantile, ``q`` being the restricted maximum likelihood estimate of the share of gains.
    The statistic falls with ``d``; the root is found by bisection.
    """
    b, c, count = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (losses, gains, n)))
    if np.any(count < 1):
        raise InputError("a paired comparison needs at least one item", came=count.min(), allowed="n >= 1")
    z = normal_quantile(confidence)
    return -_upper(c, b, count, z), _upper(b, c, count, z)


def _upper(b: Floats, c: Floats, n: Floats, z: float) -> Floats:
    low, high = (b - c) / n, np.ones_like(n)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        inside = _score(b, c, n, middle) > -z
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray(high)


def _score(b: Floats, c: Floats, n: Floats, drop: Floats) -> Floats:
    linear = -b - c + (2 * n - b + c) * drop
    constant = -c * drop * (1 - drop)
    root = np.sqrt(np.maximum(linear * linear - 8 * n * constant, 0.0))
    gains = np.maximum((root - linear) / (4 * n), 0.0)
    variance = n * (2 * gains + drop * (1 - drop))
    numerator: Any = b - c - n * drop
    with np.errstate(divide="ignore", invalid="ignore"):
        score = numerator / np.sqrt(variance)
    return np.where(variance > 0, score, np.where(numerator < 0, -np.inf, 0.0))
