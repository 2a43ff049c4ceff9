"""What a bundle does not know, as far as the bundle itself shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fieldpack.verdict import Evidence, Outcome
from fieldpack.words.record import Record
from fieldpack.words.said import Said, joined, say
from fieldpack.words.stated import Stated, code, number, plain, share, titled

MOST_LABELS = 40
WEAKEST = 3
OPEN = {
    Outcome.FAIL: "is beyond its limit",
    Outcome.INCONCLUSIVE: "is not settled by the examples at hand",
    Outcome.NOT_RUN: "was not measured",
}


class Group(NamedTuple):
    """A slice as a flavour answered it."""

    kind: Said
    name: Said
    flavour: Said
    top1: Stated
    n: Stated


def limit_words(record: Record) -> Iterator[Said]:
    """One sentence a gap."""
    yield from _beyond_labels(record)
    yield from _phones(record)
    yield from _open_limits(record)
    for output in record.manifest["contract"]["outputs"]:
        yield from _unseen_labels(record, output)
        yield from _weakest_groups(record, output)
    yield from (say("{}.", plain(warning)) for warning in record.evidence.get("warnings") or ())


def _beyond_labels(record: Record) -> Iterator[Said]:
    for output in record.manifest["contract"]["outputs"]:
        kind = output["activation"].value
        if kind == "linear":
            continue
        if kind == "sigmoid" or output.get("sensitivity") is not None:
            yield say("{} knows its labels only; anything else should leave all of them low, and need not.",
                      code(output["name"]))  # fmt: skip
        else:
            yield say("{} always prefers one of its labels, also where none of them is there.",
                      code(output["name"]))  # fmt: skip


def _phones(record: Record) -> Iterator[Said]:
    classes = {item.evidence for item in record.measured.flavours.values()}
    verdicts = {item["figure"]["evidence"].value for item in record.manifest["verdicts"]}
    if Evidence.DEVICE not in classes | verdicts:
        yield say("Nothing here ran on a phone: neither time, memory nor answers of a real one are known.")


def _open_limits(record: Record) -> Iterator[Said]:
    subjects: dict[tuple[str, Outcome], list[Stated]] = {}
    for item in record.manifest["verdicts"]:
        outcome = Outcome(item["outcome"].value)
        if outcome is not Outcome.PASS:
            subjects.setdefault((item["name"].value, outcome), []).append(item)
    for (_, outcome), items in subjects.items():
        named = joined((code(item["subject"]) for item in items), ", ")
        yield say("{} {}: {}.", titled(items[0]["name"]), say(OPEN[outcome]), named)


def _unseen_labels(record: Record, output: Stated) -> Iterator[Said]:
    """Labels of which no example was measured, where others were."""
    labels = record.labels[output["name"].value]
    seen = {row["index"].value for row in _classes(record, output["name"].value)}
    unseen = [label for number, label in enumerate(labels) if number not in seen]
    if not seen or not unseen:
        return
    more = " and more" if len(unseen) > MOST_LABELS else ""
    shown = joined(map(plain, unseen[:MOST_LABELS]), ", ")
    yield say("{}: of these labels no example was measured: {}{}.", code(output["name"]), shown, say(more))


def _classes(record: Record, output: str) -> Iterator[Stated]:
    for flavour in record.typed.flavours:
        found = record.comparison(flavour.name, output)
        rows = None if found is None else found.get("classes")
        if rows is not None and rows.value:
            yield from rows
            return


def _weakest_groups(record: Record, output: Stated) -> Iterator[Said]:
    """The slices where a flavour is right least often, each for the flavour where that is worst."""
    found = [group for flavour in record.manifest["flavours"] for group in _groups(record, flavour, output)]
    worst: dict[tuple[str, str], Group] = {}
    for group in sorted(found, key=lambda item: item.top1.value):
        worst.setdefault((str(group.kind), str(group.name)), group)
    if worst:
        groups = (
            say("{} ({}, {} of {}, {})", item.name, item.kind, share(item.top1), number(item.n), item.flavour)
            for item in list(worst.values())[:WEAKEST]
        )
        yield say("{} is right least often in: {}.", code(output["name"]), joined(groups, "; "))


def _groups(record: Record, flavour: Stated, output: Stated) -> Iterator[Group]:
    found = record.comparison(flavour["name"].value, output["name"].value)
    slices = None if found is None else found.get("slices")
    if slices is None:
        return
    for kind, values in slices.items():
        for name, row in values.items():
            top1, n = row.get("flavour_top1"), row.get("n")
            if n is not None and top1 is not None and isinstance(top1.value, int | float):
                yield Group(slices.key(kind), values.key(name), code(flavour["name"]), top1, n)
