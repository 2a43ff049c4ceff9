"""Holm's adjustment, so that adding gates does not add false alarms."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.errors import InputError


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given.

    A test is rejected at level ``alpha`` when its adjusted value is at most ``alpha``; the
    chance of any false rejection then stays below ``alpha``, whatever the dependence.

    Raises
    ------
    InputError
        When a value is outside 0 to 1.

    Notes
    -----
    Holm 1979, Scand. J. Stat. 6:65-70.
    """
    for value in p_values:
        if not 0 <= value <= 1:
            raise InputError("a p-value is out of range", came=value, allowed="0 to 1")
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
