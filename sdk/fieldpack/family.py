"""All limits of one budget as one family of tests: which fails stand among all of them.

With many limits one looks broken by chance. Holm's correction keeps the chance of any wrong fail at what one
limit alone would have; :mod:`fieldpack.verdict` says why passes need none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from fieldpack.statistics.holm import holm
from fieldpack.verdict import AT_MOST, CONFIDENCE, NORMAL, ROUNDING, Outcome, Verdict, stretch


def corrected(claims: Sequence[Sequence[Verdict]], confidence: float) -> list[list[Verdict]]:
    """The same verdicts, without the fails that several tests would bring about by chance.

    Parameters
    ----------
    claims : sequence of sequence of Verdict
        By limit; all of them together are the family of Holm's correction.
    confidence : float
        Of the bounds, and of a fail among all.
    """
    chances = [[chance_if_kept(verdict, confidence) for verdict in group] for group in claims]
    tests = [chance for group in chances for chance in group if chance is not None]
    adjusted = iter(holm(tests))
    return [
        [
            verdict if chance is None else withdraw(verdict, chance, next(adjusted), len(tests), confidence)
            for verdict, chance in zip(group, row, strict=True)
        ]
        for group, row in zip(claims, chances, strict=True)
    ]


def chance_if_kept(verdict: Verdict, confidence: float = CONFIDENCE) -> float | None:
    """How likely a figure so far beyond its limit is, if the limit is kept: the p-value of a fail.

    At the bound it is what the confidence leaves; elsewhere it follows from how :meth:`Figure.at` moves
    bounds. 1 for a value that keeps the limit.

    Parameters
    ----------
    verdict : Verdict
    confidence : float
        Of the bounds of its figure.

    Returns
    -------
    float or None
        None for what is no test: exact, missing or broken figures.
    """
    reach = _reach(verdict)
    if reach is None or reach <= 0:
        return None if reach is None else 1.0
    ratio = reach * stretch(confidence)
    if not math.isfinite(ratio):
        return 0.0
    normal = 1 - NORMAL.cdf(ratio * NORMAL.inv_cdf(CONFIDENCE))
    return float(max(normal, (1 - CONFIDENCE) ** ratio))


def withdraw(verdict: Verdict, chance: float, adjusted: float, tests: int, confidence: float) -> Verdict:
    """A fail that does not stand among all tests of its budget becomes inconclusive.

    Parameters
    ----------
    verdict : Verdict
        Any; what is no fail, or stands, comes back as it is.
    chance, adjusted : float
        Of :func:`chance_if_kept`, and the same after Holm's correction.
    tests : int
        How many there were.
    confidence : float
        A fail stands where ``adjusted`` is at most one less this.
    """
    if verdict.outcome is not Outcome.FAIL or adjusted <= 1 - confidence + ROUNDING:
        return verdict
    reach = (_reach(verdict) or 0.0) * stretch(confidence)
    wanted = stretch(1 - (1 - confidence) * chance / adjusted)
    count = verdict.figure.n
    settles_at = math.ceil(count * (wanted / reach) ** 2) if count and reach else None
    reason = f"{verdict.reason}; broken at {chance:.2g}, {adjusted:.2g} among {tests} tests: not proven"
    if settles_at:
        reason += f", about {settles_at} examples would settle it"
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, settles_at=settles_at, reason=reason)


def _reach(verdict: Verdict) -> float | None:
    """Distance of the value beyond its limit, in distances of the value from the bound on that side."""
    figure, limit = verdict.figure, verdict.limit
    if figure.exact or figure.value is None or limit is None or not math.isfinite(figure.value):
        return None
    at_most = verdict.relation == AT_MOST
    beyond = figure.value - limit if at_most else limit - figure.value
    edge = figure.low if at_most else figure.high
    if beyond <= 0 or edge is None:
        return 0.0
    spread = abs(figure.value - edge)
    return beyond / spread if spread else math.inf
