"""How figures went over the versions of a bundle, as SVG: a panel for each target; curves below them.

Each flavour is a line, in percent of its first value, so that a file of 3 million instructions and one of
30 million share a drawing; the table has the figures themselves. Instructions where there are any, else the
median time; times of two days are told, not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from fieldpack.records.record import Record, RunOutcome
from fieldpack.report.html import Markup, coordinate, element, join
from fieldpack_benchmarks.bench.curve_panels import HEIGHT, last_curves, panel

WIDTH, PANEL, EDGE, LABEL = 720, 150, 40, 170
COLOURS = ("#1b6ca8", "#c8553d", "#588b3a", "#7d4fa3", "#b8860b", "#3a8f8f", "#8a5a44", "#555555")


@dataclass(frozen=True, slots=True)
class Line:
    """One flavour on one target over its records, oldest first.

    Attributes
    ----------
    versions : tuple of str
        Of the bundle.
    values : tuple of float
        Instructions, or ms.
    unit : str
        ``instructions``, ``ms``, or ``ms sustained``, which is no figure of a fresh target.
    """

    flavour: str
    versions: tuple[str, ...]
    values: tuple[float, ...]
    unit: str


def lines_of(records: Sequence[Record]) -> dict[str, list[Line]]:
    """Target -> its lines; a record that was not measured is left out."""
    found: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for record in sorted(records, key=lambda item: item.taken):
        if record.outcome is RunOutcome.MEASURED:
            times = "ms sustained" if record.mode == "sustained" else "ms"
            unit = times if record.instructions is None else "instructions"
            value = record.instructions or median(item.latency_ms for item in record.rounds)
            key = (record.target, record.flavour.name, unit)
            found.setdefault(key, []).append((record.bundle.version, value))
    targets: dict[str, list[Line]] = {}
    for (target, flavour, unit), points in found.items():
        versions, values = zip(*points, strict=True)
        targets.setdefault(target, []).append(Line(flavour, versions, values, unit))
    return targets


def draw(records: Sequence[Record], title: str) -> str:
    """The drawing, as a whole SVG file: a panel for each target, and one for each last sustained run."""
    panels = [_panel(target, lines, place) for place, (target, lines) in enumerate(lines_of(records).items())]
    height = EDGE + len(panels) * (PANEL + EDGE)
    for record in last_curves(records):
        panels.append(panel(record, height, WIDTH))
        height += HEIGHT + EDGE
    style = "text{font:12px sans-serif;fill:#222} .name{font-weight:bold} line{stroke:#ccc}"
    body = join(element("style", style), element("text", title, x=10, y=20, class_="name"), *panels)
    attributes: dict[str, str | int] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": WIDTH,
        "height": height,
    }
    return str(element("svg", body, **attributes)) + "\n"


def rows_of(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Target, flavour, first and last version and value, and the change."""
    return [
        (target, line.flavour, *_ends(line), line.unit)
        for target, lines in lines_of(records).items()
        for line in lines
    ]


HEADER = ("target", "flavour", "first", "value", "last", "value", "change", "records", "unit")


def _ends(line: Line) -> tuple[str, ...]:
    first, last = line.values[0], line.values[-1]
    change = f"{100 * (last / first - 1):+.2f} %"
    shown = [f"{value:,.6g}" if line.unit != "instructions" else f"{value:,.0f}" for value in (first, last)]
    return (line.versions[0], shown[0], line.versions[-1], shown[1], change, str(len(line.values)))


def _panel(target: str, lines: Sequence[Line], place: int) -> Markup:
    top = EDGE + place * (PANEL + EDGE)
    shares = [[100 * value / line.values[0] for value in line.values] for line in lines]
    least = min(min(values) for values in shares)
    most = max(max(values) for values in shares)
    if most - least < 1:
        least, most = least - 0.5, most + 0.5
    longest = max(len(values) for values in shares)

    def across(index: int) -> float:
        return EDGE + 20 + index * (WIDTH - LABEL - EDGE - 20) / max(1, longest - 1)

    def height(share: float) -> float:
        return top + PANEL - 10 - (share - least) / (most - least) * (PANEL - 40)

    ticks = [
        join(
            element(
                "line", x1=EDGE + 20, x2=WIDTH - LABEL, y1=coordinate(height(at)), y2=coordinate(height(at))
            ),
            element("text", f"{at:.1f} %", x=4, y=coordinate(height(at) + 4)),
        )
        for at in (least, most)
    ]
    drawn = [
        _drawn(line, [(across(index), height(share)) for index, share in enumerate(values)], colour)
        for line, values, colour in zip(lines, shares, _colours(len(lines)), strict=True)
    ]
    names = _names(
        lines, {line.flavour: height(values[-1]) for line, values in zip(lines, shares, strict=True)}
    )
    return join(element("text", target, x=10, y=top + 12, class_="name"), *ticks, *drawn, names)


def _colours(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]


def _drawn(line: Line, points: Sequence[tuple[float, float]], colour: str) -> Markup:
    path = " L ".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    dots = [
        element(
            "g", element("circle", cx=coordinate(x), cy=coordinate(y), r=3, fill=colour),
            element("title", f"{line.flavour} {version}: {value:,.6g} {line.unit}"),
        )
        for (x, y), version, value in zip(points, line.versions, line.values, strict=True)
    ]  # fmt: skip
    return join(element("path", d=f"M {path}", fill="none", stroke=colour, stroke_width=1.5), *dots)


def _names(lines: Sequence[Line], heights: Mapping[str, float]) -> Markup:
    """Names at the ends of the lines, pushed apart where they would lie on each other."""
    found, before = [], -1e9
    colours = dict(zip([line.flavour for line in lines], _colours(len(lines)), strict=True))
    for name in sorted(heights, key=lambda item: heights[item]):
        before = max(heights[name], before + 13)
        found.append(
            element(
                "text", name, x=WIDTH - LABEL + 8, y=coordinate(before + 4), style=f"fill:{colours[name]}"
            )
        )
    return join(*found)
