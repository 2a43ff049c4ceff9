"""The range of one activation tensor, from a stream of samples in bounded memory.

Pass one takes the true minimum and maximum, merged over all samples (a moving average, the
default elsewhere, forgets the rare large values and costs 2 to 20 points of accuracy).  Pass two
fills a histogram over that range, from which a percentile range or the range of least squared
quantisation error is read.  Pure numpy: no framework, no file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import SpecError

BINS = 4096
_STEPS = 255
_SHRINKS = np.linspace(1.0, 0.02, 99)


class RangeKind(StrEnum):
    """How the range of an activation is chosen."""

    MIN_MAX = "min_max"
    PERCENTILE = "percentile"
    MSE = "mse"


@dataclass(frozen=True, slots=True)
class RangeChoice:
    """A range kind with its setting; `percentile` (0..100] is the share of values kept inside."""

    kind: RangeKind = RangeKind.MIN_MAX
    percentile: float = 99.99

    @classmethod
    def from_words(cls, words: dict[str, object]) -> RangeChoice:
        """Read ``{"kind": "percentile", "percentile": 99.99}``.

        Raises
        ------
        SpecError
            If the kind or a key is unknown, or the percentile is not in (50, 100].
        """
        unknown = set(words) - {"kind", "percentile"}
        kinds = [kind.value for kind in RangeKind]
        if unknown or words.get("kind", "min_max") not in kinds:
            raise SpecError(
                "The ranges of the recipe are wrong.", came=words, allowed=f"kind: {', '.join(kinds)}"
            )
        percentile = float(str(words.get("percentile", 99.99)))
        if not 50.0 < percentile <= 100.0:
            raise SpecError(
                "The percentile is out of bounds.", came=percentile, allowed="above 50, at most 100"
            )
        return cls(RangeKind(str(words.get("kind", "min_max"))), percentile)


@dataclass(slots=True)
class Extent:
    """Running minimum and maximum of the finite values seen."""

    low: float = float("inf")
    high: float = float("-inf")

    def add(self, values: NDArray[np.floating]) -> None:
        """Merge the values of one sample."""
        if values.size == 0:
            return
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = values[np.isfinite(values)]
            if finite.size == 0:
                return
            low, high = float(finite.min()), float(finite.max())
        self.low, self.high = min(self.low, low), max(self.high, high)

    @property
    def known(self) -> bool:
        return self.low <= self.high


@dataclass(slots=True)
class Histogram:
    """Counts of values in equal bins over a known extent."""

    low: float
    high: float
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, values: NDArray[np.floating]) -> None:
        """Count the values of one sample; values beyond the extent fall into the end bins."""
        if self.high <= self.low:
            return
        scaled = (values.ravel().astype(np.float32) - np.float32(self.low)) * np.float32(
            BINS / (self.high - self.low)
        )
        places = np.clip(np.nan_to_num(scaled), 0, BINS - 1).astype(np.int32)
        self.counts += np.bincount(places, minlength=BINS)

    @property
    def centres(self) -> NDArray[np.float64]:
        width = (self.high - self.low) / BINS
        return np.asarray(self.low + width * (np.arange(BINS) + 0.5), np.float64)

    def percentile_range(self, percentile: float) -> tuple[float, float]:
        """The range that leaves out (100 - `percentile`) % of the values, half at each end.

        An end whose outermost value is exactly the range's end for many values (the zero of a
        ReLU) stays where it is, since the share of values beyond it is nil.
        """
        total = int(self.counts.sum())
        if total == 0:
            return self.low, self.high
        tail = total * (1.0 - percentile / 100.0) / 2.0
        cumulated = np.cumsum(self.counts)
        width = (self.high - self.low) / BINS
        first = int(np.searchsorted(cumulated, tail, side="right"))
        last = int(np.searchsorted(cumulated, total - tail, side="left"))
        low = self.low + width * min(first, BINS - 1)
        high = self.low + width * (min(last, BINS - 1) + 1)
        return (low, high) if low < high else (self.low, self.high)

    def mse_range(self) -> tuple[float, float]:
        """The range of least expected squared error of 8-bit asymmetric quantisation.

        Inside, a value costs step^2 / 12; outside, its squared distance to the end.  Both ends
        shrink towards zero over a fixed grid, one after the other, until neither moves.
        """
        if int(self.counts.sum()) == 0:
            return self.low, self.high
        weights = self.counts / self.counts.sum()
        low, high = min(self.low, 0.0), max(self.high, 0.0)
        best = (low, high)
        for _ in range(4):
            previous = best
            highs = [(best[0], high * share) for share in _SHRINKS] if high > 0 else [best]
            best = min(highs, key=lambda ends: self._error(weights, *ends))
            lows = [(low * share, best[1]) for share in _SHRINKS] if low < 0 else [best]
            best = min(lows, key=lambda ends: self._error(weights, *ends))
            if best == previous:
                break
        return best

    def _error(self, weights: NDArray[np.float64], low: float, high: float) -> float:
        return expected_error(self.centres, weights, low, high)


def expected_error(
    values: NDArray[np.float64], weights: NDArray[np.float64], low: float, high: float
) -> float:
    """Expected squared error of quantising weighted values to 256 levels over [low, high]."""
    step = (high - low) / _STEPS
    beyond = np.maximum(values - high, 0.0) + np.maximum(low - values, 0.0)
    inside = beyond == 0.0
    return float(np.sum(weights * (beyond**2 + inside * step**2 / 12.0)))
