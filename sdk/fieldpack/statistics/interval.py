"""The answer of every method here: an estimate between two one-sided bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fieldpack.errors import InputError

CONFIDENCE = 0.95
ROUNDING = 1e-9
"""Slack for effective counts, which are sums of fractions."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with two one-sided bounds.

    Parameters
    ----------
    estimate : float
        NaN when there were no items.
    low, high : float
        Bounds, each at the stated one-sided confidence.
    n : int
        Number of independent items.
    """

    estimate: float
    low: float
    high: float
    n: int

    def joined(self, other: Interval) -> Interval:
        """This estimate within the wider of both intervals."""
        return Interval(self.estimate, min(self.low, other.low), max(self.high, other.high), self.n)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence outside 0.5 to 1: below one half a bound would cross the estimate.

    Raises
    ------
    InputError
    """
    if not 0.5 <= confidence < 1 or math.isnan(confidence):
        raise InputError(
            "the confidence of a bound is out of range", came=confidence, allowed="0.5 to below 1"
        )


def check_counts(n: float, **counts: float) -> None:
    """Refuse counts that are negative, not finite, or together more than ``n``.

    Raises
    ------
    InputError
    """
    values = (n, *counts.values())
    sound = all(math.isfinite(value) and value >= 0 for value in values)
    if not sound or sum(counts.values()) > n * (1 + ROUNDING):
        named = ", ".join(f"{name}={value}" for name, value in counts.items())
        raise InputError(
            "counts do not fit the number of items",
            came=f"{named}, n={n}",
            allowed="finite, 0 or more, together at most n",
        )
