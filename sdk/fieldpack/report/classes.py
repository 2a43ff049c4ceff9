"""Where damage gathers: the change of single classes and slices, with bounds and with a warning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from fieldpack.report.evidence import ClassRow, Comparison, SliceRow
from fieldpack.report.html import Child, Markup, clip, element
from fieldpack.report.material import Material
from fieldpack.report.quantity import count, percent
from fieldpack.report.section import section
from fieldpack.report.whiskers import Whisker, share_table, whisker_table

T = TypeVar("T")
WORST, BEST = 20, 5
MOST_SLICES = 6
WARNING = (
    "Single classes are not proof: the bounds of each stand alone, and among many a few look bad by chance. "
    "Use them to know where to look; the verdicts judge."
)


def class_section(material: Material) -> Markup | None:
    """Classes and slices of every flavour; None where there are neither."""
    parts: list[Child] = []
    for flavour in material.manifest.flavours:
        measured = material.measured(flavour.name)
        for output in (item.name for item in material.manifest.contract.outputs):
            worse = measured.worse(output)
            if worse is None:
                continue
            blocks = _blocks(material, output, worse[1])
            if blocks:
                name = flavour.name if worse[0] == "native" else f"{flavour.name} ({clip(worse[0], 20)})"
                several = len(material.manifest.contract.outputs) > 1
                summary = element(
                    "summary", element("h3", name, f", {output}" if several else None), _gist(worse[1])
                )
                parts.append(
                    element(
                        "details", summary, *blocks, class_="flavour", open="" if _differs(worse[1]) else None
                    )
                )
    if not parts:
        return None
    return section("classes", "Classes and slices", element("p", WARNING, class_="note"), *parts)


def _differs(comparison: Comparison) -> bool:
    slices = [row for values in comparison.slices.values() for row in values.values()]
    changed = any(row.drop for row in comparison.classes) or any(row.drop for row in slices)
    return changed or bool(comparison.output_changes) or any(row.agreement != 1 for row in slices)


def _gist(comparison: Comparison) -> Markup:
    if comparison.classes:
        changed = sum(row.drop != 0 for row in comparison.classes)
        text = f"recall of {changed:,} of {count(len(comparison.classes), 'class', 'classes')} changed"
    else:
        text = "differences" if _differs(comparison) else "no difference"
    return element("span", text, class_="gist")


def _blocks(material: Material, output: str, comparison: Comparison) -> list[Markup]:
    blocks = []
    if comparison.classes:
        blocks.append(_classes(material, output, comparison.classes))
    named = list(comparison.slices.items())
    blocks += [_slices(name, values) for name, values in named[:MOST_SLICES] if values]
    if len(named) > MOST_SLICES:
        blocks.append(
            element("p", f"{len(named) - MOST_SLICES} more kinds of slices are not shown.", class_="note")
        )
    if comparison.output_changes:
        blocks.append(_outputs(comparison))
    return blocks


def _classes(material: Material, output: str, classes: Sequence[ClassRow]) -> Markup:
    order = sorted(classes, key=lambda row: (-row.drop, -row.n, row.index))
    rows = [
        Whisker(
            material.label(output, row.index),
            f"n = {row.n:,}, recall {percent(row.source_recall, 0)} → {percent(row.flavour_recall, 0)}",
            row.drop,
            row.low,
            row.high,
        )
        for row in _ends(order)
    ]
    caption = (
        f"Recall lost by class, largest drop first; {count(len(order), 'class', 'classes')} with examples"
    )
    return whisker_table(rows, caption, "Class", _left_out(len(order), "classes"))


def _slices(name: str, values: dict[str, SliceRow]) -> Markup:
    labelled = [(value, row, row.drop) for value, row in values.items() if row.drop is not None]
    known = [item for item in labelled if math.isfinite(item[2])]
    if known:
        order = sorted(known, key=lambda item: (-item[2], -item[1].n, item[0]))
        rows = [
            Whisker(value, f"n = {row.n:,}", drop, row.low, row.high) for value, row, drop in _ends(order)
        ]
        caption = f"Top-1 accuracy lost by slice “{clip(name, 40)}”, largest drop first"
        return whisker_table(rows, caption, "Slice", _left_out(len(order), "slices"))
    agreeing = [
        (value, row.items, row.agreement) for value, row in values.items() if row.agreement is not None
    ]
    lowest = sorted(agreeing, key=lambda item: (item[2], -item[1], item[0]))
    differing = [item for item in lowest if item[2] != 1]
    shares = [(value, f"n = {items:,}", agreement) for value, items, agreement in differing[:WORST]]
    caption = f"Agreement with the source by slice “{clip(name, 40)}”, lowest first{_hidden(len(differing))}"
    caption += f"; {len(lowest) - len(differing):,} of {count(len(lowest), 'slice')} agree fully"
    if not shares:
        return element("p", caption, class_="note")
    return share_table(shares, caption, "Slice", "Agreement")


def _hidden(number: int) -> str:
    return f"; {number - WORST:,} of {number:,} are hidden" if number > WORST else ""


def _ends(order: Sequence[T]) -> list[T]:
    return list(order) if len(order) <= WORST + BEST else [*order[:WORST], *order[-BEST:]]


def _left_out(number: int, things: str) -> tuple[int, str] | None:
    hidden = number - WORST - BEST
    if hidden <= 0:
        return None
    return WORST, f"{hidden:,} {things} between the worst {WORST} and the best {BEST} are hidden"


def _outputs(comparison: Comparison) -> Markup:
    worst = sorted(comparison.output_changes, key=lambda row: (-(row.rmse or 0.0), row.index))[:WORST]

    def text(value: float | None) -> str:
        return "–" if value is None else f"{value:.4g}"

    rows = [
        element(
            "tr",
            element("th", str(row.index), scope="row"),
            *[
                element("td", text(value))
                for value in (row.rmse, row.bias, row.max_abs_error, row.centred_cosine)
            ],
        )
        for row in worst
    ]
    head = ("Number of the output", "RMSE", "Bias", "Largest difference", "Centred cosine")
    hidden = _hidden(max(comparison.outputs, len(comparison.output_changes)))
    table = element(
        "table",
        element("caption", f"Difference by number of the output, largest first{hidden}"),
        element("thead", element("tr", *[element("th", cell, scope="col") for cell in head])),
        element("tbody", *rows),
    )
    return element("div", table, class_="scroll", tabindex="0")
