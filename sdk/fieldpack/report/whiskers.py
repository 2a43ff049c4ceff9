"""Rows of dots with whiskers: one change a row, its bounds beside it, one axis for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldpack.report.html import Markup, clip, element
from fieldpack.report.quantity import percent, points
from fieldpack.report.scale import Scale, straight_ticks

ROW = 26


@dataclass(frozen=True, slots=True)
class Whisker:
    """One row; `value`, `low` and `high` are fractions, `detail` stands below the name."""

    name: str
    detail: str
    value: float
    low: float | None
    high: float | None


def whisker_table(
    rows: Sequence[Whisker], caption: str, heading: str, left_out: tuple[int, str] | None = None
) -> Markup:
    """Rows of drops: right of zero is a loss.

    Parameters
    ----------
    rows : sequence of Whisker
        In the order shown; at least one.
    caption : str
        What the table is.
    heading : str
        Head of the column of names.
    left_out : (int, str), optional
        Number of the row before which rows were left out, and the words that say so.
    """
    scale = _scale(rows)
    drawn = [_row(row, scale) for row in rows]
    if left_out is not None:
        drawn.insert(left_out[0], element("tr", element("td", left_out[1], colspan=3), class_="gap"))
    head = element(
        "tr",
        element("th", heading, scope="col"),
        element("th", _axis(scale), scope="col", class_="drawing"),
        element("th", "Drop, points (95 % bounds)", scope="col", class_="number"),
    )
    return element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", *drawn),
        class_="rows",
    )


def _scale(rows: Sequence[Whisker]) -> Scale:
    ends = [end for row in rows for end in (row.low, row.value, row.high) if end is not None]
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin, side = max(0.04 * (high - low), 0.005), 0.16 * (high - low)
    return Scale(min(low - margin, -side), max(high + margin, side))


def _axis(scale: Scale) -> Markup:
    ticks = straight_ticks(scale.low, scale.high, 5)
    digits = 0 if scale.high - scale.low > 0.06 else 1
    sign = {True: "+", False: ""}
    texts = [
        element(
            "text",
            sign[tick > 0] + points(tick, digits),
            x=scale.percent(tick),
            y=28,
            text_anchor="middle",
            class_="tick",
        )
        for tick in ticks
    ]
    zero = scale.percent(0.0)
    sides = (
        element("text", "better", x=zero, dx=-8, y=11, text_anchor="end", class_="side"),
        element("text", "worse", x=zero, dx=8, y=11, class_="side"),
    )
    return element(
        "svg",
        *texts,
        *sides,
        height=34,
        role="img",
        aria_label="Left of zero is better, right of zero is worse; percentage points",
    )


def _row(row: Whisker, scale: Scale) -> Markup:
    zero, middle = scale.percent(0.0), ROW / 2
    low, high = row.value if row.low is None else row.low, row.value if row.high is None else row.high
    side = "worse" if low > 0 else "better" if high < 0 else "open"
    drawing = element(
        "svg",
        *[
            element("line", x1=scale.percent(t), x2=scale.percent(t), y1="0", y2="100%", class_="grid")
            for t in straight_ticks(scale.low, scale.high, 5)
        ],
        element("line", x1=zero, x2=zero, y1="0", y2="100%", class_="zero"),
        element(
            "line", x1=scale.percent(low), x2=scale.percent(high), y1=middle, y2=middle, class_="whisker"
        ),
        element("circle", cx=scale.percent(row.value), cy=middle, r=5, class_="dot"),
        height=ROW,
        aria_hidden="true",
        class_=side,
    )
    interval = (
        f"{points(low)} to {points(high)}" if row.low is not None or row.high is not None else "no bounds"
    )
    return element(
        "tr",
        element("th", element("bdi", clip(row.name, 60)), element("small", row.detail), scope="row"),
        element("td", drawing, class_="drawing"),
        element(
            "td",
            element("b", points(row.value)),
            element("span", f"({interval})", class_="bounds"),
            class_="number",
        ),
    )


def share_table(rows: Sequence[tuple[str, str, float]], caption: str, heading: str, value: str) -> Markup:
    """Rows of shares without bounds (name, detail, share), as bars from zero to one."""
    drawn = [
        element(
            "tr",
            element("th", element("bdi", clip(name, 60)), element("small", detail), scope="row"),
            element("td", bar(share, "plain"), class_="drawing"),
            element("td", element("b", percent(share)), class_="number"),
        )
        for name, detail, share in rows
    ]
    head = element(
        "tr",
        element("th", heading, scope="col"),
        element("th", "", element("span", "Drawing", class_="hidden"), scope="col"),
        element("th", value, scope="col", class_="number"),
    )
    return element(
        "table", element("caption", caption), element("thead", head), element("tbody", *drawn), class_="rows"
    )


def bar(share: float, kind: str) -> Markup:
    """One bar from the left; `share` 0 to 1."""
    width = f"{100 * min(1.0, max(0.0, share)):.2f}%"
    return element(
        "svg",
        element("rect", x="0", y=6, width="100%", height=14, class_="room"),
        element("rect", x="0", y=6, width=width, height=14, class_=f"bar {kind}"),
        height=ROW,
        aria_hidden="true",
    )
