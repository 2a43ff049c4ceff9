"""The verdict table: every limit, what was measured, and what would settle an open one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fieldpack.budget import COSTS
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.report.html import Markup, clip, element, join
from fieldpack.report.icons import badge
from fieldpack.report.material import Material
from fieldpack.report.quantity import allowed, bounds, count, quantity
from fieldpack.report.section import section
from fieldpack.report.vocabulary import title
from fieldpack.verdict import Outcome, Verdict, combine

HEADER = ("Limit", "Verdict", "Measured", "Allowed", "Where it lies", "Examples", "To settle", "Evidence")


def verdict_section(material: Material) -> Markup:
    """All verdicts, by flavour."""
    if not material.verdicts:
        return section("verdicts", "Verdicts", element("p", "No limit was set."))
    subjects = dict.fromkeys(verdict.subject for verdict in material.verdicts)
    head = element("thead", element("tr", *[_head(name) for name in HEADER], role="row"), role="rowgroup")
    bodies = [
        _body(subject, [verdict for verdict in material.verdicts if verdict.subject == subject])
        for subject in subjects
    ]
    table = element(
        "table",
        element("caption", "Every limit of the budget, by flavour", class_="hidden"),
        head,
        *bodies,
        class_="verdicts cards",
        role="table",
    )
    return section("verdicts", "Verdicts", table, _note(material))


def _head(name: str) -> Markup:
    return element("th", name, scope="col", role="columnheader")


def _body(subject: str, verdicts: Sequence[Verdict]) -> Markup:
    outcome = combine(verdict.outcome for verdict in verdicts)
    group = element(
        "tr",
        element(
            "th",
            element("span", clip(subject)),
            badge(outcome),
            colspan=len(HEADER),
            scope="rowgroup",
            role="rowheader",
        ),
        class_="group",
        role="row",
    )
    return element("tbody", group, *[_row(verdict) for verdict in verdicts], role="rowgroup")


def _row(verdict: Verdict) -> Markup:
    figure = verdict.figure
    name = element(
        "th",
        element("span", title(verdict.name)),
        element("code", clip(verdict.name)),
        scope="row",
        role="rowheader",
    )
    interval = bounds(figure)
    lacks = verdict.outcome is Outcome.NOT_RUN
    why = verdict.reason.removeprefix(f"{figure.name} was not measured").lstrip("; ") if lacks else ""
    measured = join(
        element("b", quantity(figure.value, figure.unit)),
        element("span", f"({interval})", class_="bounds") if interval else None,
        element("span", clip(why, 200), class_="bounds") if why else None,
    )
    cells = (
        badge(verdict.outcome),
        measured,
        allowed(verdict),
        track(verdict),
        "–" if figure.n is None else f"{figure.n:,}",
        "–" if verdict.settles_at is None else f"about {verdict.settles_at:,} examples",
        figure.evidence.value.replace("_", " "),
    )
    columns = [
        element("td", cell, data_label=label, role="cell", class_=_cell_class(label, cell))
        for label, cell in zip(HEADER[1:], cells, strict=True)
    ]
    return element("tr", name, *columns, role="row", class_=verdict.outcome.value)


def _cell_class(label: str, cell: str) -> str | None:
    if label in ("Where it lies", "Verdict"):
        return label.split()[0].lower()
    return "empty" if cell == "–" else None


def track(verdict: Verdict) -> Markup:
    """Figure, bounds and limit on one line; the admissible side is filled."""
    value, limit = verdict.figure.value, verdict.limit
    if value is None or limit is None or not math.isfinite(value):
        return join("–")
    low = value if verdict.figure.low is None else verdict.figure.low
    high = value if verdict.figure.high is None else verdict.figure.high
    start, end = _range(low, high, limit, verdict.figure.unit)

    def at(x: float) -> str:
        return f"{100 * (x - start) / (end - start):.2f}%"

    keeps_low = verdict.relation == "at_most"
    begin, stop = (start, limit) if keeps_low else (limit, end)
    room = element("rect", x=at(begin), width=at(start + stop - begin), y=4, height=14, class_="room")
    edge = element("line", x1=at(limit), x2=at(limit), y1=1, y2=21, class_="limit")
    whisker = element("line", x1=at(low), x2=at(high), y1=11, y2=11, class_="whisker")
    dot = element("circle", cx=at(value), cy=11, r=4.5, class_="dot")
    return element(
        "svg",
        room,
        edge,
        whisker,
        dot,
        class_=f"track {verdict.outcome.value}",
        height=22,
        aria_hidden="true",
    )


def _range(low: float, high: float, limit: float, unit: str) -> tuple[float, float]:
    if unit == "bytes":
        return 0.0, 1.12 * max(high, limit)
    start, end = min(low, limit), max(high, limit)
    margin = 0.18 * (end - start) or 0.05 * abs(limit) or 1.0
    return start - margin, end + margin


def _note(material: Material) -> Markup:
    examples = count(material.evidence.examples, "example")
    text = (
        f"Measured on {examples}. In brackets: two one-sided bounds, of 95\u202f% where the "
        "budget asks for nothing else; a limit passes only when "
        "the bound on its side keeps it. In the drawings the filled side is allowed, the upright bar is the "
        "limit, the dot the figure with its bounds."
    )
    if any(flavour.kind is FlavourKind.COREML for flavour in material.manifest.flavours):
        text += " Core ML was run in both precisions that a phone may use; the worse one counts."
    if any(verdict.name.partition(".")[0] in COSTS for verdict in material.verdicts):
        text += (
            " Time and memory were taken in several rounds on one thread of the machine that built this, "
            "beside its other work; in brackets are the least and the most. They say little of a phone."
        )
    if any(verdict.outcome is Outcome.NOT_RUN for verdict in material.verdicts):
        text += " A limit that nothing measured never passes."
    return element("p", text, class_="note")
