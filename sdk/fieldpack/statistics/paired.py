"""Bounds on the accuracy that a flavour lost, from the same items run through both models.

Only the items whose correctness changed carry information: ``losses`` (source right, flavour
wrong) and ``gains`` (source wrong, flavour right). The drop is ``(losses - gains) / n``.
"""

from __future__ import annotations

import math

from fieldpack.errors import InputError
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.interval import CONFIDENCE, Interval, check_confidence, check_counts
from fieldpack.statistics.normal import normal_quantile

BISECTIONS = 60


def paired_drop(losses: float, gains: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Accuracy drop with bounds that hold for small counts too.

    Tango's score bounds. Where all changes point one way the score bounds are short, so the exact
    bounds on the share of losses (or gains) are joined to them: with no change in ``n`` items the
    drop is at most ``1 - 0.05 ** (1 / n)``, about ``3 / n``, never 0; and six losses where three were
    allowed, which come about by chance nine times in a hundred, prove nothing.

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
        return Interval(math.nan, -1.0, 1.0, 0)
    low, high = tango(losses, gains, n, confidence)
    if gains == 0:
        exact = clopper_pearson(losses, n, confidence)
        low, high = min(low, exact.low), max(high, exact.high)
    if losses == 0:
        exact = clopper_pearson(gains, n, confidence)
        low, high = min(low, -exact.high), max(high, -exact.low)
    drop = (losses - gains) / n
    return Interval(drop, low, high, int(n))


def tango(losses: float, gains: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Tango's score bounds on a difference of paired shares.

    Parameters
    ----------
    losses, gains, n : float
        Counts, ``n`` above 0.
    confidence : float
        Of each bound alone.

    Returns
    -------
    low, high : float
        Within -1 to 1.

    Raises
    ------
    InputError
        When the counts do not fit each other or there are no items.

    Notes
    -----
    Tango 1998, Statistics in Medicine 17:891-908: the bound is the difference ``d`` at which
    the score statistic ``(b - c - n d) / sqrt(n (2 q + d (1 - d)))`` reaches the normal
    quantile, ``q`` being the restricted maximum likelihood estimate of the share of gains.
    The statistic falls with ``d``; the root is found by bisection.
    """
    check_counts(n, losses=losses, gains=gains)
    if n == 0:
        raise InputError("a paired comparison needs items", came="n = 0", allowed="n above 0")
    z = normal_quantile(confidence)
    return -_upper(gains, losses, n, z), _upper(losses, gains, n, z)


def _upper(b: float, c: float, n: float, z: float) -> float:
    low, high = (b - c) / n, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _within(b, c, n, middle, z):
            low = middle
        else:
            high = middle
    return high


def _within(b: float, c: float, n: float, drop: float, z: float) -> bool:
    """Whether the score statistic at this drop, which is at or below zero, is above ``-z``."""
    linear = -b - c + (2 * n - b + c) * drop
    root = math.sqrt(max(linear * linear + 8 * n * c * drop * (1 - drop), 0.0))
    gains = max((root - linear) / (4 * n), 0.0)
    variance = n * (2 * gains + drop * (1 - drop))
    return n * drop - b + c < z * math.sqrt(max(variance, 0.0))
