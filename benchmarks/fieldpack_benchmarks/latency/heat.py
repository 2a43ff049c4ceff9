"""Heat and clock as a target's kernel tells them, and whether they speak against a run.

Readings are taken before and behind a process, not inside it, so that nothing disturbs the samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CLOCK = "_khz"
"""End of a reading's name that is a clock frequency; every other is a thermal zone."""
HOT = 85.0
"""Degrees Celsius: a zone that rises above it counts as throttled."""
SLOWED = 0.9
"""Of the first clock: below it a processor counts as throttled."""
MILLI = 1000
COLDEST, HOTTEST = -40.0, 200.0
"""Degrees Celsius between which a reading is one; zones that are switched off say something beyond."""

Readings = Mapping[str, str]


def zones(readings: Readings) -> dict[str, float]:
    """Thermal zone -> degrees Celsius.

    The kernel's unit is a thousandth of a degree; some phones give whole degrees. From a size of 1,000 on a
    value is thousandths, else degrees; what is no temperature either way is left out.

    Parameters
    ----------
    readings : mapping of str to str
        As ``TargetFacts.readings``.
    """
    found = {}
    for name, text in readings.items():
        value = None if name.endswith(CLOCK) else _number(text)
        if value is not None:
            degrees = value / MILLI if abs(value) >= MILLI else float(value)
            if COLDEST < degrees < HOTTEST:
                found[name] = degrees
    return found


def hottest(readings: Readings) -> float | None:
    """Degrees Celsius of the hottest zone; None where the target does not tell."""
    return max(zones(readings).values(), default=None)


def clock_khz(readings: Readings) -> int | None:
    """Clock of the busiest core, kHz, the one that runs fastest; None where the target does not tell.

    Work moves from core to core, so the busiest is looked for in each reading anew.
    """
    numbers = [_number(text) for name, text in readings.items() if name.endswith(CLOCK)]
    return max((value for value in numbers if value), default=None)


def throttled(before: Readings, after: Sequence[Readings]) -> bool:
    """Whether heat held a target back.

    Parameters
    ----------
    before : mapping
        Readings before the first process.
    after : sequence of mapping
        Behind each process.

    Returns
    -------
    bool
        In one of `after`, the clock of the busiest core is below 90 % of its first reading, or a zone is
        above 85 degrees C that was not before. False where the target tells nothing.
    """
    return any(_slowed(before, then) or _rose(before, then) for then in after)


def _slowed(before: Readings, after: Readings) -> bool:
    first, then = clock_khz(before), clock_khz(after)
    return first is not None and then is not None and then < SLOWED * first


def _rose(before: Readings, after: Readings) -> bool:
    first = zones(before)
    return any(first.get(name, HOT) <= HOT < degrees for name, degrees in zones(after).items())


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
