"""Figures, bounds and limits as people read them."""

from __future__ import annotations

from fieldpack.verdict import AT_LEAST, Figure, Verdict


def number(value: float | None, unit: str) -> str:
    """A figure for people: shares in percent, bytes in full, all else in four digits with a unit."""
    if value is None:
        return "not measured"
    if unit == "fraction":
        return f"{100 * value:.2f} %"
    if unit == "bytes":
        return f"{int(value):,} B"
    if unit == "count":
        return f"{int(value):,}"
    if unit == "version":
        return version_text(value)
    return f"{value:.4g} {unit}" if unit == "ms" or unit.startswith("of ") else f"{value:.4g}"


def bounds(figure: Figure) -> str:
    """The two one-sided bounds; empty for an exact figure."""
    if figure.exact:
        return ""
    unit = "" if figure.unit.startswith("of ") else figure.unit
    low = "-inf" if figure.low is None else number(figure.low, unit)
    high = "inf" if figure.high is None else number(figure.high, unit)
    return f"{low} .. {high}"


def limit_text(verdict: Verdict) -> str:
    """The limit with its direction; empty where it is a share of what nobody knows."""
    if verdict.limit is None:
        return ""
    sign = ">=" if verdict.relation == AT_LEAST else "<="
    return f"{sign} {number(verdict.limit, verdict.figure.unit)}"


def version_text(value: float) -> str:
    """A version as :mod:`fieldpack.gate` makes it a number: 2014000 is 2.14.0."""
    whole = int(value)
    return f"{whole // 1_000_000}.{whole // 1000 % 1000}.{whole % 1000}"
