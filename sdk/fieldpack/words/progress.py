"""What got better and what got worse: all answers, groups of examples, single kinds; told where it is clear.

Two versions are compared where the same examples and the same class of evidence are behind both. A difference
is clear where the intervals do not meet (:class:`fieldpack.difference.accuracy.Direction`); among many kinds
the intervals are widened, so that all of them together are wrong at most one time in twenty.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fieldpack.difference.accuracy import EVALUATION, Direction, FigureChange
from fieldpack.difference.labels import LabelDifference
from fieldpack.statistics.binomial import clopper_pearson
from fieldpack.verdict import CONFIDENCE, Figure
from fieldpack.words.covered import kind_words
from fieldpack.words.record import Record, Subject
from fieldpack.words.said import Said, bullets, joined, say
from fieldpack.words.stated import Stated, bounds, figure, measured, number, plain, share

TOLD: Mapping[str, str] = MappingProxyType(
    {
        "flavour_top1": "Right at the first guess",
        "flavour_macro_recall": "Found, as a mean over kinds",
        "flavour_cmap": "Right kinds ranked before wrong ones (mean average precision)",
        "flavour_range_f1": "Maps of where kinds live, agreement with what is known",
        "flavour_rmse": "Typical error",
        "flavour_coverage": "Truths inside the promised interval",
    }
)
"""Figures that a community is told of, in plain words; the first that was measured, and the interval's."""
ALWAYS = "flavour_coverage"
MOST_LINES = 20
VERDICTS = {
    Direction.BETTER: "clearly better",
    Direction.WORSE: "clearly worse",
    Direction.UNCLEAR: "no clear change",
    Direction.SAME: "the same",
}
BOUNDS = 4
"""Of each part: both ends of two intervals, any of which may be wrong."""


@dataclass(frozen=True)
class Pair:
    """Both records with the flavour of each that is told of."""

    old: Record
    new: Record
    flavour: str
    labels: Mapping[str, LabelDifference]

    @property
    def same_examples(self) -> bool:
        """Whether both were measured on the same data."""
        first, second = (
            record.manifest["lineage"]["data"].get(EVALUATION, "digest") for record in (self.old, self.new)
        )
        return first is not None and second is not None and first.value == second.value

    @property
    def built_beside(self) -> bool:
        """Whether the new version was compared with the old one on the same examples when it was built."""
        shipped = self.new.manifest.get("budget", "shipped", "digest")
        return shipped is not None and shipped.value == self.old.digest.value


def progress_words(pair: Pair) -> Iterator[Said]:
    """Lines on one flavour."""
    before = {item.name.value: item for item in pair.old.subjects()}
    lines = [
        line
        for subject in pair.new.subjects()
        if subject.name.value in before
        for line in _subject(pair, before[subject.name.value], subject)
    ]
    yield bullets(lines) if lines else say("Nothing was measured in both versions.")


def _subject(pair: Pair, before: Subject, after: Subject) -> Iterator[Said]:
    old, new = before.measured.get(pair.flavour), after.measured.get(pair.flavour)
    if old is None or new is None:
        return
    yield from _overall(pair, after.unit, old, new)
    if pair.same_examples:
        yield from _parts(_groups(old, new), ("group of examples", "groups of examples"))
        labels = pair.labels.get(after.name.value)
        if labels is not None:
            yield from _parts(_kinds(pair, labels, old, new), ("kind", "kinds"))


def _overall(pair: Pair, unit: Stated | None, old: Stated, new: Stated) -> Iterator[Said]:
    first, second = ({item["name"].value: item for item in run.get("figures") or ()} for run in (old, new))
    both = [name for name in TOLD if all(name in run and measured(run[name]) for run in (first, second))]
    for name in dict.fromkeys([*both[:1], *(name for name in both if name == ALWAYS)]):
        yield _change(pair, unit, first[name], second[name])
    flips = second.get("shipped_flips")
    if flips is not None and measured(flips) and pair.built_beside:
        yield say("Another first guess than the version before: {} ({})", figure(flips), bounds(flips))


def _change(pair: Pair, unit: Stated | None, old: Stated, new: Stated) -> Said:
    before, after = (Figure.from_dict(item.value) for item in (old, new))
    comparable = pair.same_examples and before.evidence is after.evidence
    change = FigureChange(pair.flavour, "", "", None, before, after, comparable)
    told = say("{}: from {} to {}", say(TOLD[after.name]), figure(old), figure(new))
    if unit is not None and after.unit == "output":
        told = say("{} {}", told, plain(unit))
    if change.direction is Direction.OTHER_DATA:
        return say("{}, measured on other examples or in another way, so the two cannot be compared", told)
    return say("{}, {}", told, say(VERDICTS[change.direction]))


@dataclass(frozen=True)
class Part:
    """A group or a kind: the share that was right and of how many examples, before and now."""

    name: Said
    old: Stated
    new: Stated
    old_count: Stated
    new_count: Stated

    def direction(self, confidence: float) -> Direction:
        """Better or worse where exact intervals of this one-sided confidence do not meet."""
        before, after = (
            clopper_pearson(round(right.value * n.value), n.value, confidence)
            for right, n in ((self.old, self.old_count), (self.new, self.new_count))
        )
        if after.low > before.high:
            return Direction.BETTER
        return Direction.WORSE if after.high < before.low else Direction.UNCLEAR


def _parts(parts: Sequence[Part], things: tuple[str, str]) -> Iterator[Said]:
    """What is clear with its numbers, then that all else is not."""
    if not parts:
        return
    confidence = 1 - (1 - CONFIDENCE) / (BOUNDS * len(parts))
    judged = [(part, part.direction(confidence)) for part in parts]
    for direction in (Direction.BETTER, Direction.WORSE):
        clear = [part for part, found in judged if found is direction]
        if clear:
            clear.sort(key=lambda part: -abs(part.new.value - part.old.value))
            more = "; and more" if len(clear) > MOST_LINES else ""
            told = joined(map(_told, clear[:MOST_LINES]), "; ")
            yield say(f"{VERDICTS[direction].capitalize()} among {things[1]}: {{}}{more}", told)
    settled = any(found is not Direction.UNCLEAR for _, found in judged)
    if any(found is Direction.UNCLEAR for _, found in judged):
        yield say(f"No clear change in {f'the other {things[1]}' if settled else f'any {things[0]}'}")


def _told(part: Part) -> Said:
    return say(
        "{} from {} to {} (of {})", part.name, share(part.old), share(part.new), number(part.new_count)
    )


def _groups(old: Stated, new: Stated) -> list[Part]:
    """Slices that both versions have."""
    first, second = old.get("slices"), new.get("slices")
    if first is None or second is None:
        return []
    found = [
        _part(
            say("{} ({})", values.key(value), second.key(kind)), first.get(kind, value), row, "flavour_top1"
        )
        for kind, values in second.items()
        for value, row in values.items()
    ]
    return [part for part in found if part is not None]


def _kinds(pair: Pair, labels: LabelDifference, old: Stated, new: Stated) -> list[Part]:
    """Classes that both versions have."""
    first, second = ({row["index"].value: row for row in run.get("classes") or ()} for run in (old, new))
    found = [
        _part(kind_words(pair.new, labels.output, after), first.get(before), second[after], "flavour_recall")
        for before, after in labels.pairs
        if after in second
    ]
    return [part for part in found if part is not None]


def _part(name: Said, old: Stated | None, new: Stated, measure: str) -> Part | None:
    """The part, where both versions measured it on examples."""
    if old is None:
        return None
    before, after, count, counted = (row.get(field) for field in (measure, "n") for row in (old, new))
    if before is None or after is None or count is None or counted is None:
        return None
    numbers = all(
        isinstance(item.value, int | float) and math.isfinite(item.value) for item in (before, after)
    )
    return Part(name, before, after, count, counted) if numbers and count.value and counted.value else None
