"""How a bundle was measured: its data with their digests, the figures with bounds, the verdicts."""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.report.vocabulary import EVIDENCE_WORDS
from fieldpack.verdict import SEVERITY, Outcome, combine
from fieldpack.words.record import Record
from fieldpack.words.said import NOTHING, Said, bullets, say, table
from fieldpack.words.stated import (
    Stated,
    amount,
    bounds,
    code,
    digest,
    figure,
    limit,
    measured,
    number,
    plain,
    share,
    titled,
)

KEY_FIGURES = (
    "flavour_top1", "top1_agreement", "flavour_macro_recall", "flavour_cmap", "flavour_f05",
    "flavour_range_f1", "range_iou", "flavour_rmse", "flavour_mae", "flavour_bias", "flavour_r2",
    "flavour_coverage", "flavour_width",
)  # fmt: skip
"""What a card tells, in this order; the bundle's report has all."""
OF_UNLABELLED = ("rmse", "centred_cosine", "max_abs_error")
"""What it tells where none of those was measured: the distance from the source model."""
MOST_FIGURES = 5
Row = tuple[Said, ...]
HEADER = ("flavour", "figure", "value", "bounds", "source model", "examples", "evidence")
VERDICTS = ("verdict", "flavour", "limit", "measured", "bounds", "allowed", "evidence")
OUTCOMES = {
    Outcome.PASS: "Every limit of the budget holds.",
    Outcome.FAIL: "A limit of the budget is broken.",
    Outcome.INCONCLUSIVE: "The examples at hand leave a limit of the budget open.",
    Outcome.NOT_RUN: "A limit of the budget has no figure behind it.",
}


def figure_words(record: Record) -> Iterator[Said]:
    """The data, then a table of figures for each output, then what the classes of evidence mean."""
    yield bullets(_data(record))
    classes: dict[str, None] = {}
    for subject in record.subjects():
        named = {item["name"].value: item for item in record.manifest["flavours"]}
        rows = [row for name, found in subject.measured.items() for row in _rows(named[name], found)]
        if rows:
            unit = NOTHING if subject.unit is None else say(", in {}", plain(subject.unit))
            yield say("Figures of {}{}, flavour by flavour:", code(subject.name), unit)
            yield table(HEADER, rows, HEADER[2:6])
            classes |= dict.fromkeys(str(row[-1]) for row in rows)
    if not classes:
        yield say("Nothing was measured.")
        return
    yield say(
        "Each bound is wrong at most one time in twenty. Where a phone may use two arithmetics, the table "
        "tells the one that came out worse; a verdict takes the worse figure of each."
    )
    yield _evidence(classes)


def verdict_words(record: Record) -> Iterator[Said]:
    """What became of each limit, the worst first."""
    verdicts = list(record.manifest["verdicts"])
    if not verdicts:
        yield say("No limit was judged.")
        return
    yield say(OUTCOMES[combine(Outcome(item["outcome"].value) for item in verdicts)])
    confidence = record.manifest["budget"].get("confidence")
    if confidence is not None:
        yield say("Each bound here holds with {}.", share(confidence))
    verdicts.sort(key=lambda item: -SEVERITY.index(Outcome(item["outcome"].value)))
    yield table(VERDICTS, map(_verdict, verdicts), VERDICTS[3:6])


def _data(record: Record) -> Iterator[Said]:
    roles = record.manifest["lineage"]["data"]
    for role, data in roles.items():
        count = amount(data["count"], "example")
        yield say(
            "{}: {}, {}, {}", roles.key(role), plain(data["description"]), count, digest(data["digest"])
        )


def _rows(flavour: Stated, comparison: Stated) -> list[Row]:
    stated = {item["name"].value: item for item in comparison.get("figures") or ()}
    found = [name for name, item in stated.items() if measured(item)]
    known = [name for name in KEY_FIGURES if name in found]
    known = known or [name for name in OF_UNLABELLED if name in found]
    return [_row(flavour, stated[name], stated.get(_counterpart(name))) for name in known[:MOST_FIGURES]]


def _counterpart(name: str) -> str:
    """The same figure of the source model."""
    return name.replace("flavour_", "source_") if name.startswith("flavour_") else ""


def _row(flavour: Stated, stated: Stated, source: Stated | None) -> Row:
    examples = stated.get("n")
    return (
        code(flavour["name"]),
        titled(stated["name"]),
        figure(stated),
        bounds(stated),
        say("–") if source is None else figure(source),
        say("–") if examples is None else number(examples),
        plain(stated["evidence"]),
    )


def _verdict(stated: Stated) -> Row:
    told = stated["figure"]
    return (
        say(f"**{stated['outcome'].value.replace('_', ' ')}**"),
        code(stated["subject"]),
        titled(stated["name"]),
        figure(told),
        bounds(told),
        limit(stated),
        say(told["evidence"].value.replace("_", " ")),
    )


def _evidence(classes: dict[str, None]) -> Said:
    known = [name for name in EVIDENCE_WORDS if name in classes]
    return bullets(say(f"Evidence `{name}`: {EVIDENCE_WORDS[name]}") for name in known)
