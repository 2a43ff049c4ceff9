"""What minutes of work do to a target: a curve of medians, and the knee where heat sets in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from fieldpack.errors import InputError
from fieldpack.records.validity import Plan

MINUTES = 5.0
SHORTEST, LONGEST = 0.05, 60.0
"""Minutes that a run may last."""
STEP_S, FEWEST = 10.0, 6
"""Length of a step, s, and how many there are at least: a shorter run has shorter steps."""
SLOWER = 1.1
"""Of the fresh median: from here on a target counts as slowed down."""
FRESH = 3
"""Steps at the beginning that say how fast the target is when it is fresh."""
FEWEST_SLOW = 2
"""Steps at the end that make a knee."""


def sustained_plan(minutes: float) -> Plan:
    """Steps without a pause, a process each, that sample for so many minutes together.

    Parameters
    ----------
    minutes : float
        0.05 to 60. Steps take 10 s, or a sixth of a run of less than a minute.

    Raises
    ------
    InputError
        Too short, too long, or no number.
    """
    if not SHORTEST <= minutes <= LONGEST:
        raise InputError(
            "A run cannot be sustained for so long", came=f"{minutes:g} minutes",
            allowed=f"{SHORTEST:g} to {LONGEST:g} minutes",
        )  # fmt: skip
    steps = max(FEWEST, round(minutes * 60 / STEP_S))
    step_s = minutes * 60 / steps
    return Plan(warm_ups=1, samples=1, seconds=step_s, shortest_s=step_s, rounds=steps)


@dataclass(frozen=True, slots=True)
class Curve:
    """Medians of equal steps of time.

    Attributes
    ----------
    step_s : float
        Length of a step, s.
    medians_ms : tuple of float
        Median of each step, ms.
    began_s : tuple of float
        When each step began, s after the first; empty where one follows the other without a gap.
    """

    step_s: float
    medians_ms: tuple[float, ...]
    began_s: tuple[float, ...] = ()

    @property
    def fresh_ms(self) -> float:
        """Median of the first steps."""
        return median(self.medians_ms[:FRESH])

    @property
    def knee(self) -> int | None:
        """The first step from which every median is slower; None without one.

        One slow step, or a target that recovers, is no knee.
        """
        slow = [value > SLOWER * self.fresh_ms for value in self.medians_ms]
        steps = len(slow)
        while steps > 0 and slow[steps - 1]:
            steps -= 1
        return None if len(slow) - steps < FEWEST_SLOW else steps

    @property
    def knee_s(self) -> float | None:
        """When the target slowed down for good, s after the beginning."""
        return None if self.knee is None else self.begins()[self.knee]

    @property
    def length_s(self) -> float:
        """From the beginning to the end of the last step."""
        return self.begins()[-1] + self.step_s

    @property
    def lasting(self) -> float:
        """Median after the knee over the fresh one; 1 where there is none."""
        return 1.0 if self.knee is None else median(self.medians_ms[self.knee :]) / self.fresh_ms

    def begins(self) -> tuple[float, ...]:
        """When each step began, s after the first."""
        return self.began_s or tuple(place * self.step_s for place in range(len(self.medians_ms)))


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
