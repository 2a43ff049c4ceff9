"""Axes: round numbers to label, and where a value lies between two ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight or logarithmic axis from `low` to `high`."""

    low: float
    high: float
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`; values outside stay at the ends."""
        first, last, at = (
            (math.log(self.low), math.log(self.high), math.log(max(value, 1e-300)))
            if self.logarithmic
            else (self.low, self.high, value)
        )
        return min(1.0, max(0.0, (at - first) / (last - first)))

    def percent(self, value: float) -> str:
        """The same as an SVG length, in percent."""
        return f"{100 * self.share(value):.2f}%"


def straight_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two ends, at most `most` of them."""
    rough = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (factor * power for factor in (*STEPS, 20.0)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [round(step * number, 12) + 0.0 for number in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two positive ends on a logarithmic axis."""
    for factors in (range(1, 10), (1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [factor * 10.0**power for power in powers for factor in factors]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]
