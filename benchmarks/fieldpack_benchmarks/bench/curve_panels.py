"""Sustained runs as drawings: time of an inference over the seconds, its knee, and the heat beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldpack.records.record import Record, RunOutcome
from fieldpack.report.html import Markup, coordinate, element, join
from fieldpack_benchmarks.bench.curves import curve_of, knee_words
from fieldpack_benchmarks.latency.sustained import SLOWER

HEIGHT = 150
LEFT, RIGHT, TOP, BOTTOM = 70, 80, 26, 22
TIME, HEAT, KNEE = "#1b6ca8", "#c8553d", "#555555"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel lies, and what its edges stand for.

    Attributes
    ----------
    top, width : float
        Upper edge, and width of the whole drawing.
    seconds : float
        At the right edge; 0 is at the left one.
    """

    top: float
    width: float
    seconds: float

    def x(self, seconds: float) -> float:
        """Place of a time."""
        return LEFT + (self.width - LEFT - RIGHT) * seconds / self.seconds

    def y(self, share: float) -> float:
        """Place of a value, from 0 at the lower edge to 1 at the upper one."""
        return self.top + HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def last_curves(records: Sequence[Record]) -> list[Record]:
    """The last sustained run of each flavour on each target, in the order of their first ones."""
    found: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda item: item.taken):
        if record.outcome is RunOutcome.MEASURED and record.curve is not None:
            found[record.target, record.flavour.name] = record
    return list(found.values())


def panel(record: Record, top: float, width: float) -> Markup:
    """One sustained run; from its least time up, by a tenth at least, so that noise stays flat."""
    curve = curve_of(record)
    if curve is None:
        return join()
    frame = Frame(top, width, curve.length_s)
    title = f"{record.flavour.name} {record.bundle.version} on {record.target}: {knee_words(record)}"
    times = curve.medians_ms
    low, high = _reach(times, SLOWER)
    middles = [began + curve.step_s / 2 for began in curve.begins()]
    heats = [] if record.curve is None else record.curve.temperatures
    return join(
        element("text", title, x=10, y=top + 14, class_="name"),
        *_edges(frame, [f"{value:.3g} ms" for value in (low, high)], LEFT - 6, "end", TIME),
        element("text", "0 s", x=LEFT, y=top + HEIGHT - 6),
        element("text", f"{curve.length_s:.0f} s", x=width - RIGHT, y=top + HEIGHT - 6, text_anchor="end"),
        _heat(frame, middles, heats),
        _path(frame, middles, [(value - low) / (high - low) for value in times], TIME, 2),
        _knee(frame, curve.knee_s),
    )


def _reach(values: Sequence[float], ratio: float) -> tuple[float, float]:
    """The least and the most, the latter above the former by a ratio at least."""
    return min(values), max(*values, ratio * min(values))


def _edges(frame: Frame, words: Sequence[str], x: float, anchor: str, colour: str) -> list[Markup]:
    return [
        element(
            "text", text, x=x, y=coordinate(frame.y(share) + 4), text_anchor=anchor, style=f"fill:{colour}"
        )
        for text, share in zip(words, (0.0, 1.0), strict=True)
    ]


def _heat(frame: Frame, middles: Sequence[float], heats: Sequence[float | None]) -> Markup:
    known = [(middle, heat) for middle, heat in zip(middles, heats, strict=False) if heat is not None]
    if len(known) < 2:
        return join()
    low = min(heat for _, heat in known)
    high = max(low + 1, *(heat for _, heat in known))
    words = [f"{value:.3g} \u00b0C" for value in (low, high)]
    shares = [(heat - low) / (high - low) for _, heat in known]
    return join(
        *_edges(frame, words, frame.width - RIGHT + 6, "start", HEAT),
        _path(frame, [middle for middle, _ in known], shares, HEAT, 1),
    )


def _path(
    frame: Frame, seconds: Sequence[float], shares: Sequence[float], colour: str, width: float
) -> Markup:
    points = [
        f"{coordinate(frame.x(at))} {coordinate(frame.y(share))}"
        for at, share in zip(seconds, shares, strict=True)
    ]
    return element("path", d=f"M {' L '.join(points)}", fill="none", stroke=colour, stroke_width=width)


def _knee(frame: Frame, knee_s: float | None) -> Markup:
    if knee_s is None:
        return join()
    x = coordinate(frame.x(knee_s))
    ends = {"x1": x, "x2": x, "y1": coordinate(frame.y(0)), "y2": coordinate(frame.y(1))}
    return join(
        element("line", **ends, style=f"stroke:{KNEE};stroke-dasharray:4 3"),
        element("text", "knee", x=x, y=frame.top + HEIGHT - 6, text_anchor="middle", style=f"fill:{KNEE}"),
    )
