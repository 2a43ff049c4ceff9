"""What minutes of work do to a target: a curve of medians, and the knee where heat sets in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

SLOWER = 1.1
"""Of the fresh median: from here on a target counts as slowed down."""
FRESH = 3
"""Steps at the beginning that say how fast the target is when it is fresh."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Medians of equal steps of time.

    Attributes
    ----------
    step_s : float
        Length of a step, s.
    medians_ms : tuple of float
        Median of each step, ms.
    temperatures : tuple of float or None
        Degrees Celsius at the end of each step, where the target tells.
    """

    step_s: float
    medians_ms: tuple[float, ...]
    temperatures: tuple[float | None, ...] = ()

    @property
    def fresh_ms(self) -> float:
        """Median of the first steps."""
        return median(self.medians_ms[:FRESH])

    @property
    def knee_s(self) -> float | None:
        """When the target slowed down for good: the first step from which every median is slower; or None.

        One slow step, or a target that recovers, is no knee.
        """
        slow = [value > SLOWER * self.fresh_ms for value in self.medians_ms]
        steps = len(slow)
        while steps > 0 and slow[steps - 1]:
            steps -= 1
        return None if steps == len(slow) or len(slow) - steps < 2 else steps * self.step_s

    @property
    def lasting(self) -> float:
        """Median after the knee over the fresh one; 1 where there is none."""
        if self.knee_s is None:
            return 1.0
        return median(self.medians_ms[round(self.knee_s / self.step_s) :]) / self.fresh_ms


def curve(times_ms: Sequence[float], step_s: float) -> Curve:
    """Medians of steps of `step_s`, from the times of one inference after the other, ms."""
    steps: list[list[float]] = []
    clock = 0.0
    for value in times_ms:
        index = int(clock / (step_s * 1e3))
        clock += value
        while len(steps) <= index:
            steps.append([])
        steps[index].append(value)
    return Curve(step_s, tuple(median(step) for step in steps if step))
