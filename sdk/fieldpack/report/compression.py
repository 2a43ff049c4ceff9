"""What was done to the model before its flavours were made, what the search tried, doubts about the data."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.report.evidence import EstimatesRow, SearchRecord, StepRow, TrialRow
from fieldpack.report.html import Child, Markup, clip, element
from fieldpack.report.material import Material
from fieldpack.report.quantity import count
from fieldpack.report.section import section

MOST_TRIALS = 60
CHOSEN = "The flavour was chosen among these trials on the evaluation examples, partly by luck"


def compression_section(material: Material) -> Markup | None:
    """Warnings, passes and trials; None where there are none."""
    evidence = material.evidence
    parts: list[Child] = [element("p", clip(text, 400), class_="note") for text in evidence.warnings[:20]]
    if evidence.recipe:
        parts.append(_steps(evidence.recipe))
    if evidence.search is not None:
        parts += [element("p", _confirmed(evidence.search), class_="note"), _trials(evidence.search)]
        if evidence.search.estimates is not None:
            parts.append(element("p", _estimated(evidence.search.estimates), class_="note"))
    return section("compression", "Compression and data", *parts) if parts else None


def _confirmed(record: SearchRecord) -> str:
    if record.confirmed is None:
        return f"{CHOSEN}: confirm it on examples that no trial saw."
    items = f"{record.confirmed.items:,} examples that no trial saw"
    return f"{CHOSEN}. It alone was judged once more, on {items}: {clip(record.confirmed.outcome, 40)}."


def _estimated(row: EstimatesRow) -> str:
    return (
        f"Latencies on {clip(row.target, 80)} were estimated by a table, never measured, and decide no "
        f"verdict: {clip(row.error, 200)}."
    )


def _steps(steps: Sequence[StepRow]) -> Markup:
    rows = [
        _row(
            clip(step.method, 40),
            f"{count(len(step.matched), 'layer')}: {clip(', '.join(step.matched), 160)}",
            f"{step.parameters_before:,} to {step.parameters:,}",
        )
        for step in steps
    ]
    return _table("Passes of the recipe, in order", ("Pass", "Layers changed", "Parameters"), rows)


def _trials(record: SearchRecord) -> Markup:
    told = record.estimates is not None
    rows = [
        _row(
            f"{trial.number} {clip(trial.stage, 40)}{_mark(trial, record)}",
            clip(trial.reason, 300) or "keeps the budget",
            "-" if trial.installed_bytes is None else f"{trial.installed_bytes:,} B",
            *([_milliseconds(trial)] if told else []),
        )
        for trial in record.trials[:MOST_TRIALS]
    ]
    heads = ("Trial", "Why not", "Size", *(["Latency, estimated"] if told else []))
    return _table("Trials of the search, in order", heads, rows)


def _milliseconds(trial: TrialRow) -> str:
    value = None if trial.estimated is None else trial.estimated.figure.value
    return "-" if value is None else f"{value:.3g} ms"


def _mark(trial: TrialRow, record: SearchRecord) -> str:
    if trial.number == record.best:
        return " (taken)"
    return " (on the front)" if trial.number in record.front else ""


def _row(name: str, text: str, *numbers: str) -> Markup:
    return element(
        "tr",
        element("th", element("bdi", name), scope="row"),
        element("td", text),
        *[element("td", number, class_="number") for number in numbers],
    )


def _table(caption: str, heads: tuple[str, ...], rows: Sequence[Markup]) -> Markup:
    head = element("tr", *[element("th", text, scope="col") for text in heads])
    return element("table", element("caption", caption), element("thead", head), element("tbody", *rows))
