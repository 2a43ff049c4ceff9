"""Do the files of both platforms say the same?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed
from fieldpack.exports.inat_vision_camera.rules.tree import output_count
from fieldpack.exports.inat_vision_camera.taxonomy_rows import Row, TaxonomyFile

DIFFERENT = "another answer than the other platform's for the same picture and place"
CLOSE = 1e-6
"""Thresholds are floats on Android and doubles on iOS."""


def _rule(name: str, looks_at: str, remedy: str, android: str = DIFFERENT, ios: str = DIFFERENT) -> Rule:
    return Rule(name, Severity.ERROR, looks_at, android, ios, remedy)


TAXA = _rule("taxa-differ", "both taxonomies list the same taxa", "write both from one table")
VALUES = _rule(
    "taxon-values-differ", "both give a taxon the same parent, name and leaf", "write both from one table"
)
RANK_CUT = _rule(
    "rank-fraction-lost",
    "ranks 33.5 and 34.5 keep their fraction in both",
    "do not round ranks: parseInt of an older script cuts them",
    "the taxon counts as another rank than on the other platform",
    "the taxon counts as another rank than on the other platform",
)
RANKS = _rule("rank-differs", "both give a taxon the same rank", "write both from one table")
THRESHOLDS = _rule(
    "thresholds-differ",
    "both give a taxon the same threshold",
    "write both from one table",
    "'expected nearby' differs between the platforms",
    "'expected nearby' differs between the platforms",
)
COUNTS = _rule(
    "output-counts-differ",
    "all four models give as many scores",
    "export vision and geo models of the same taxonomy for both platforms",
    "scores of vision and geo are multiplied by position: an exception, or scores of other taxa",
    "shapes differ and the combined score is nil",
)
RULES = (TAXA, VALUES, RANK_CUT, RANKS, THRESHOLDS, COUNTS)


def check(contents: Contents, plugin: str) -> Iterator[Finding]:
    """Look for every fault of this subject."""
    if len(contents.taxonomies) == 2:
        csv = contents.taxonomies[Role.ANDROID_TAXONOMY]
        json = contents.taxonomies[Role.IOS_TAXONOMY]
        yield from _taxonomies(csv, json, contents.shown(json.path))
    counts = {
        contents.shown(contents.path(role)): count
        for role in Role
        if (count := output_count(contents, role)) is not None
    }
    if len(set(counts.values())) > 1:
        message = ", ".join(f"{name} gives {count}" for name, count in counts.items())
        yield Finding(COUNTS, next(iter(counts)), message)


def _taxonomies(csv: TaxonomyFile, json: TaxonomyFile, shown: str) -> Iterator[Finding]:
    android = {row.taxon: row for row in csv.rows if row.taxon is not None}
    ios = {row.taxon: row for row in json.rows if row.taxon is not None}
    only = [*sorted(set(android) - set(ios)), *sorted(set(ios) - set(android))]
    if android and ios and only:
        here, there = len(set(ios) - set(android)), len(set(android) - set(ios))
        message = f"{there} taxa only in {csv.path.name}, {here} only here"
        yield Finding(TAXA, shown, f"{message}: {listed(only)}")
    common = [(android[taxon], ios[taxon]) for taxon in android if taxon in ios]
    yield from _compared(
        VALUES, shown, [pair for pair in common if _values(pair[0]) != _values(pair[1])], _values
    )
    ranks = [(a, b) for a, b in common if None not in (a.rank, b.rank) and a.rank != b.rank]
    cut = [pair for pair in ranks if _is_cut(*pair)]
    yield from _compared(RANK_CUT, shown, cut, lambda row: row.rank)
    yield from _compared(RANKS, shown, [pair for pair in ranks if pair not in cut], lambda row: row.rank)
    apart = [pair for pair in common if _apart(pair[0].threshold, pair[1].threshold)]
    yield from _compared(THRESHOLDS, shown, apart, lambda row: row.threshold)


def _compared(
    rule: Rule, shown: str, pairs: list[tuple[Row, Row]], value: Callable[[Row], object]
) -> Iterator[Finding]:
    if pairs:
        csv, json = pairs[0]
        message = f"{len(pairs)} taxa, first {csv.taxon}: {value(csv)} in the CSV file, {value(json)} here"
        yield Finding(rule, shown, message, json.line)


def _values(row: Row) -> tuple[int | None, str | None, int | None]:
    return row.parent, row.name, row.leaf


def _is_cut(csv: Row, json: Row) -> bool:
    """One of them is the other without its fraction."""
    if csv.rank is None or json.rank is None:
        return False
    high, low = max(csv.rank, json.rank), min(csv.rank, json.rank)
    return high != int(high) and low == int(high)


def _apart(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > CLOSE
