"""Figures as people read them: shares in percent, sizes with a unit, all else in a few digits."""

from __future__ import annotations

import math

from fieldpack.verdict import AT_LEAST, Figure, Verdict
from fieldpack.verdict_files.words import version_text

MINUS = "−"
NARROW = "\u202f"
"""A space that does not break the line, between a number and its unit."""
NOT_MEASURED = "not measured"


def quantity(value: float | None, unit: str) -> str:
    """A figure with its unit, as precise as the verdicts need it.

    Parameters
    ----------
    value : float or None
        The figure; None when it was not measured.
    unit : str
        As in :class:`~fieldpack.verdict.Figure`.
    """
    if value is None:
        return NOT_MEASURED
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{MINUS if value < 0 else ''}∞"
    if unit == "fraction":
        return percent(value, 2)
    if unit == "bytes":
        return f"{int(value):,}{NARROW}B"
    if unit == "count":
        return f"{int(value):,}"
    if unit == "version":
        return version_text(value)
    text = significant(value)
    return f"{text}{NARROW}{unit}" if unit in ("nats", "ms") or unit.startswith("of ") else text


def percent(value: float, digits: int = 1) -> str:
    """A share in percent; whole ends are written without decimals."""
    shown = f"{abs(100 * value):.{digits}f}"
    if value in (0, 1):
        shown = f"{100 * value:.0f}"
    return f"{_sign(value, shown)}{shown}{NARROW}%"


def points(value: float, digits: int = 1) -> str:
    """A difference of two shares in percentage points, without the unit."""
    shown = f"{abs(100 * value):.{digits}f}"
    return f"{_sign(value, shown)}{shown}"


def significant(value: float, digits: int = 3) -> str:
    """A number in a few significant digits."""
    return f"{value:.{digits}g}".replace("-", MINUS) if value else "0"


def size(size_bytes: int) -> str:
    """A size for people: bytes, kB or MB (decimal)."""
    if size_bytes < 1000:
        return f"{size_bytes}{NARROW}B"
    if size_bytes < 1_000_000:
        return f"{_three(size_bytes / 1000)}{NARROW}kB"
    return f"{_three(size_bytes / 1_000_000)}{NARROW}MB"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number of things, in the right grammatical number."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def bounds(figure: Figure) -> str:
    """The two one-sided 95 % bounds; empty for an exact figure."""
    if figure.exact or figure.value is None:
        return ""
    unit = "" if figure.unit.startswith("of ") else figure.unit
    low = f"{MINUS}∞" if figure.low is None else quantity(figure.low, unit)
    high = "∞" if figure.high is None else quantity(figure.high, unit)
    return f"{low} to {high}"


def allowed(verdict: Verdict) -> str:
    """The limit in words."""
    if verdict.limit is None:
        return "no limit"
    word = "at least" if verdict.relation == AT_LEAST else "at most"
    limit, unit = verdict.limit, verdict.figure.unit
    return f"{word} {f'{100 * limit:.6g}{NARROW}%' if unit == 'fraction' else quantity(limit, unit)}"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _sign(value: float, shown: str) -> str:
    return MINUS if value < 0 and any(digit in "123456789" for digit in shown) else ""
