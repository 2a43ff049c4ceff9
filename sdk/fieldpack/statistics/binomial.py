"""Bounds on a share: the Wilson score interval and the exact Clopper-Pearson interval.

Gates use the exact one: near 0 % and 100 %, where agreement lives, a one-sided Wilson bound
is too optimistic (Cai 2005, J. Stat. Plan. Inference 131:63-88). Wilson is for tables.
"""

from __future__ import annotations

import math

from fieldpack.statistics.incomplete_beta import beta_quantile
from fieldpack.statistics.interval import CONFIDENCE, Interval, check_confidence, check_counts
from fieldpack.statistics.normal import normal_quantile


def clopper_pearson(successes: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Exact bounds on a share; each is wrong at most ``1 - confidence`` of the time.

    Parameters
    ----------
    successes, n : float
        Counts; fractional effective counts are taken too. ``n = 0`` gives 0 to 1.
    confidence : float
        Of each bound alone.

    Raises
    ------
    InputError
        When the counts do not fit each other.

    Notes
    -----
    Clopper and Pearson 1934, Biometrika 26:404-413. With no failure in ``n`` the lower bound
    is ``(1 - confidence) ** (1 / n)``, about ``1 - 3 / n``.
    """
    check_counts(n, successes=successes)
    check_confidence(confidence)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    failures = max(n - successes, 0.0)
    low = _exact_low(successes, failures, 1 - confidence)
    return Interval(successes / n, low, 1 - _exact_low(failures, successes, 1 - confidence), int(n))


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Score bounds on a share (Wilson 1927, JASA 22:209-212).

    Parameters and errors as in :func:`clopper_pearson`; close to nominal on average, but a
    single bound can be too optimistic near 0 and 1.
    """
    check_counts(n, successes=successes)
    check_confidence(confidence)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    z, share = normal_quantile(confidence), successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes <= 0 else max(0.0, min(centre - half, share))
    high = 1.0 if successes >= n else min(1.0, max(centre + half, share))
    return Interval(share, low, high, int(n))


def _exact_low(successes: float, failures: float, risk: float) -> float:
    """The share at which so many successes or more have probability ``risk``."""
    if successes <= 0:
        return 0.0
    if failures <= 0:
        return math.exp(math.log(risk) / successes)
    return beta_quantile(risk, successes, failures + 1)
