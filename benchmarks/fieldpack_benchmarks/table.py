"""Tables for a terminal: numbers to the right, units as people write them."""

from __future__ import annotations

from collections.abc import Sequence

Cell = float | int | str | None
"""A cell of a study's row; None was not measured or does not apply."""


def cell_text(value: Cell, unit: str) -> str:
    """One cell: bytes with separators, fractions in per cent, a dash where there is nothing."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if unit in ("bytes", "count"):
        return f"{int(value):,}"
    if unit == "fraction":
        return f"{value:.2%}"
    if unit == "ratio":
        return f"{value:.4f}"
    if unit == "nats":
        return f"{value:.3g}"
    return f"{value:.4g}"


def table_text(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Aligned columns under their heads; `right` says which columns are numbers."""
    widths = [max(len(line[index]) for line in [heads, *rows]) for index in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )
