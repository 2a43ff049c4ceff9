"""Which of two models is slower, told from pairs of runs that were taken in turn.

A noisy machine changes by more from minute to minute than two models differ. So each pair is two processes,
one right after the other, in an order drawn anew for each pair: whatever the machine does falls on both, and
a model compared with itself gives ratios that lie above and below 1 with equal chance. The median over pairs
ignores the pairs that a burst hit; its bounds come from resampling pairs.

Bounds hold at 99 % each, since a comparison is made for every flavour of every change: a false alarm a week
teaches a team to ignore alarms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fieldpack.errors import InputError
from fieldpack.statistics.bootstrap import RESAMPLES, SEED

CONFIDENCE = 0.99
"""Of each bound alone."""
PAIRS = 40
"""A slowdown of a tenth is then found on a machine whose times spread by a third."""
PAIRS_FULL = 100
FEWEST_PAIRS = 8


class Finding(StrEnum):
    """What a comparison says."""

    SLOWER = "slower"
    FASTER = "faster"
    NO_DIFFERENCE_SEEN = "no difference seen"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ratio of new to old with its bounds.

    Attributes
    ----------
    ratio, low, high : float
        Median over the pairs, and one-sided 99 % bounds.
    pairs : int
        How many.
    """

    ratio: float
    low: float
    high: float
    pairs: int

    @property
    def finding(self) -> Finding:
        """Slower or faster only where a bound says so."""
        if self.low > 1:
            return Finding.SLOWER
        return Finding.FASTER if self.high < 1 else Finding.NO_DIFFERENCE_SEEN

    @property
    def detectable(self) -> float:
        """The slowdown that this comparison would have found, as a share: half the width of its bounds."""
        return math.sqrt(self.high / self.low) - 1


def compare(old_ms: Sequence[float], new_ms: Sequence[float], seed: int = SEED) -> Comparison:
    """Compare two models by pairs of runs.

    Parameters
    ----------
    old_ms, new_ms : sequence of float
        Time of each pair's runs, ms, pair by pair.
    seed : int
        Of numpy's PCG64.

    Raises
    ------
    InputError
        The numbers of runs differ, are fewer than eight, or a time is not above zero.
    """
    if len(old_ms) != len(new_ms) or len(old_ms) < FEWEST_PAIRS:
        raise InputError(
            "runs do not make enough pairs",
            came=f"{len(old_ms)} of the old, {len(new_ms)} of the new",
            allowed=f"as many of both, {FEWEST_PAIRS} or more",
        )
    both = np.array([old_ms, new_ms], np.float64)
    if not (np.isfinite(both).all() and (both > 0).all()):
        raise InputError("a time of a comparison is no time", came=both[~(both > 0)], allowed="above 0 ms")
    ratios = np.log(both[1] / both[0])
    drawn = np.random.default_rng(seed).integers(0, len(ratios), (RESAMPLES, len(ratios)))
    middles = np.median(ratios[drawn], axis=1)
    low, high = np.quantile(middles, [1 - CONFIDENCE, CONFIDENCE])
    middle = float(np.median(ratios))
    bounds = (math.exp(min(float(low), middle)), math.exp(max(float(high), middle)))
    return Comparison(math.exp(middle), *bounds, len(ratios))


def orders(pairs: int, seed: int = SEED) -> tuple[bool, ...]:
    """For each pair, whether the new one runs first; as often as not."""
    drawn = np.random.default_rng(seed).permutation(np.arange(pairs) % 2)
    return tuple(bool(value) for value in drawn)
