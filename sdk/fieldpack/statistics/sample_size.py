"""How many examples a limit needs, before measuring and after an inconclusive verdict."""

from __future__ import annotations

import math
from collections.abc import Callable

from fieldpack.errors import InputError
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.statistics.interval import CONFIDENCE, check_confidence, check_counts
from fieldpack.statistics.normal import normal_quantile
from fieldpack.statistics.paired import paired_drop
from fieldpack.verdict import AT_LEAST, AT_MOST, LARGEST_SAMPLE

POWER = 0.90


def non_inferiority_n(
    flip_share: float,
    margin: float,
    *,
    true_drop: float = 0.0,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int:
    """Items needed to show that the accuracy drop stays within a margin.

    ``n = (z_confidence + z_power)**2 * (q - d**2) / (margin - d)**2`` with ``q`` the share of
    items whose correctness flips and ``d`` the true drop. At 95 %, 90 % power and no true drop
    that is ``8.56 * q / margin**2``: q = 4 % and a margin of one point need 3426 items.

    Parameters
    ----------
    flip_share : float
        Share of items right in one model and wrong in the other, 0 to 1.
    margin : float
        Largest acceptable drop, above ``true_drop``; 0.01 is one percentage point.
    true_drop : float
        The drop that is really there.
    power : float
        Wanted chance of a pass.
    confidence : float
        Of the one-sided bound.

    Raises
    ------
    InputError
        When a share is out of range or the margin is not above the drop.

    Notes
    -----
    Normal approximation of the paired difference, as in Liu et al. 2002, Statistics in Medicine
    21:231-245.
    """
    check_confidence(confidence)
    if not (0 <= flip_share <= 1 and abs(true_drop) <= flip_share and 0.5 <= power < 1):
        raise InputError(
            "the assumptions of a sample size do not fit each other",
            came=f"flip share {flip_share}, drop {true_drop}, power {power}",
            allowed="0 <= |drop| <= flip share <= 1 and 0.5 <= power < 1",
        )
    if not margin > true_drop:
        raise InputError(
            "no number of items shows a drop within its margin when it is not",
            came=f"margin {margin}, drop {true_drop}",
            allowed="a margin above the drop",
        )
    return _planned(flip_share, true_drop, margin, power, confidence)


def planned_n(
    flip_share: float,
    margin: float,
    *,
    true_drop: float = 0.0,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int:
    """Items with which the bounds that verdicts use pass as often as wanted.

    :func:`non_inferiority_n` is the start; it promises a few points more than the score bounds hold where
    flips are rare. From there the number grows by 2 % until :func:`chance_of_pass` is high enough.

    Parameters, errors
        As of :func:`non_inferiority_n`.
    """
    n = non_inferiority_n(flip_share, margin, true_drop=true_drop, power=power, confidence=confidence)
    while chance_of_pass(n, flip_share, margin, true_drop=true_drop, confidence=confidence) < power:
        n = math.ceil(1.02 * n)
    return n


def chance_of_pass(
    n: int, flip_share: float, margin: float, *, true_drop: float = 0.0, confidence: float = CONFIDENCE
) -> float:
    """Probability that ``paired_drop`` of n items stays within the margin.

    The number of flips is binomial, and so are the losses among them; numbers of flips more than eight
    standard deviations off are left out.

    Parameters, errors
        As of :func:`non_inferiority_n`.
    """
    spread = 8 * math.sqrt(n * flip_share * (1 - flip_share)) + 1
    first, last = max(0, math.floor(n * flip_share - spread)), min(n, math.ceil(n * flip_share + spread))
    lost = 0.5 * (1 + true_drop / flip_share) if flip_share else 0.5
    chance, losses = 0.0, 0
    for flips in range(first, last + 1):
        losses = min(losses, flips)
        while losses < flips and paired_drop(losses + 1, flips - losses - 1, n, confidence).high <= margin:
            losses += 1
        while losses >= 0 and paired_drop(losses, flips - losses, n, confidence).high > margin:
            losses -= 1
        inside = sum(_binomial(flips, k, lost) for k in range(losses + 1))
        chance += _binomial(n, flips, flip_share) * inside
        losses = max(losses, 0)
    return chance


def _binomial(n: int, k: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(k == n * share)
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))


def settles_at(
    losses: int,
    gains: int,
    n: int,
    margin: float,
    *,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int | None:
    """Items that would settle a paired drop against a margin, if the rates seen so far hold.

    The larger of two numbers: the planning formula at the observed rates, and the smallest n at
    which :func:`~fieldpack.statistics.paired.paired_drop` itself decides; the second is what
    counts when nothing changed yet.

    Returns
    -------
    int or None
        ``None`` when the drop sits exactly on the margin, or more than 1e9 items were needed.

    Raises
    ------
    InputError
        When the counts do not fit each other.
    """
    check_counts(n, losses=losses, gains=gains)
    if n == 0 or (losses - gains) == margin * n:
        return None
    lost, gained = losses / n, gains / n
    drop = lost - gained

    def settled(size: int) -> bool:
        bounds = paired_drop(lost * size, gained * size, size, confidence)
        return bounds.high <= margin if drop < margin else bounds.low > margin

    smallest = _smallest(settled)
    planned = _planned(lost + gained, drop, margin, power, confidence)
    return None if smallest is None or planned > LARGEST_SAMPLE else max(smallest, planned)


def rate_settles_at(
    successes: int, n: int, limit: float, relation: str = AT_LEAST, *, confidence: float = CONFIDENCE
) -> int | None:
    """Smallest n at which the rate seen so far settles a limit on a share.

    Parameters
    ----------
    successes, n : int
        Counts seen so far.
    limit : float
        0 to 1; 0.98 with ``at_least`` for an agreement of 98 %.
    relation : str
        ``at_least`` or ``at_most``.
    confidence : float
        Of the exact bound.

    Returns
    -------
    int or None
        ``None`` when the rate sits on the limit (unless that is 0 or 1 and can never be proven),
        or more than 1e9 items were needed.

    Raises
    ------
    InputError
        When the counts do not fit each other or the relation is unknown.
    """
    check_counts(n, successes=successes)
    if relation not in (AT_LEAST, AT_MOST):
        raise InputError("the relation is unknown", came=relation, allowed=f"{AT_LEAST} or {AT_MOST}")
    if n == 0 or successes == limit * n:
        return None
    rate = successes / n

    def settled(size: int) -> bool:
        bounds = clopper_pearson(rate * size, size, confidence)
        return bounds.low >= limit if rate > limit else bounds.high < limit

    return _smallest(settled)


def _planned(flip_share: float, drop: float, margin: float, power: float, confidence: float) -> int:
    z = normal_quantile(confidence) + normal_quantile(power)
    needed = z * z * max(flip_share - drop * drop, 0.0) / (margin - drop) ** 2
    return max(1, math.ceil(min(needed, 10.0 * LARGEST_SAMPLE)))


def _smallest(settled: Callable[[int], bool]) -> int | None:
    """Smallest n for a condition that, once true, stays true."""
    high = 1
    while not settled(high):
        high *= 2
        if high > LARGEST_SAMPLE:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settled(middle) else (middle, high)
    return high
