"""Do the rows make the tree that both platforms need, with one leaf for every score?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed
from fieldpack.exports.inat_vision_camera.taxonomy_rows import Row, TaxonomyFile

EMPTY = "the runtime refuses a buffer of another size; the plugin swallows it and returns an empty list"


def _rule(
    name: str, looks_at: str, android: str, ios: str, remedy: str, severity: Severity = Severity.ERROR
) -> Rule:
    return Rule(name, severity, looks_at, android, ios, remedy)


PARENT = _rule(
    "parent-missing",
    "every parent is a taxon of the file",
    "NullPointerException; the app reports 'Android version is too old - needs to be at least 6.0'",
    "the taxon and everything below it are dropped in silence",
    "add a row for the parent, or leave the parent empty",
)
PARENT_LIFE = _rule(
    "parent-life",
    f"roots have an empty parent, not {facts.LIFE}",
    "works: the root that the code makes is found",
    "the root is not found: the taxon and everything below it are dropped in silence",
    "leave the parent of roots empty",
)
LIFE_ROW = _rule(
    "life-row",
    f"no row for taxon {facts.LIFE}; both platforms make that root",
    "two nodes of the same id: scores of the root are overwritten",
    "two nodes of the same id: scores of the root are overwritten",
    "remove the row and leave the parent of its children empty",
)
TWICE = _rule(
    "taxon-twice",
    "every taxon once",
    "the last row wins in the lookup, both hang in the tree: sums count it twice",
    "the last row wins in the lookup, both hang in the tree: sums count it twice",
    "remove one of the rows",
)
ID_RANGE = _rule(
    "taxon-id-range",
    f"taxon ids up to {facts.LARGEST_ID}",
    "NumberFormatException when the taxon or anything below it is reported: the answer is lost",
    "works: ids are kept as 64-bit numbers",
    "give the taxon a smaller id",
)
CIRCLE = _rule(
    "parent-circle",
    "parents lead to a root",
    "the circle hangs on no root: its taxa never appear",
    "the circle hangs on no root: its taxa never appear",
    "correct the parents",
)
NO_LEAF = _rule(
    "leaf-missing",
    "a taxon without children has a leaf_class_id",
    "NumberFormatException at the first prediction",
    "an assertion in debug builds; in release it takes the score of leaf 0",
    "remove the taxon, or give it its leaf id",
)
INNER_LEAF = _rule(
    "leaf-inner",
    "a taxon with children has no leaf_class_id",
    "its own score is passed over, and the sums no longer come to 1",
    "its own score is passed over, and the sums no longer come to 1",
    "scores of a genus beside those of its species cannot be told to the plugin; hang them on a leaf",
)
LEAF_TWICE = _rule(
    "leaf-twice",
    "every leaf id once",
    "two taxa share a score, and the count of scores does not fit",
    "two taxa share a score",
    "correct the ids",
)
LEAF_GAP = _rule(
    "leaf-gap",
    "leaf ids are 0 to N-1 without gaps",
    "ids beyond the count read outside the scores: ArrayIndexOutOfBoundsException at every prediction",
    "ids beyond the count read outside the scores: the app ends with an exception",
    "number the leaves in the order of the model's output",
)
LEAF_COUNT = _rule(
    "leaf-count",
    "as many leaves as the model has scores",
    EMPTY,
    "scores beyond the leaves are dropped; leaves beyond the scores end the app with an exception",
    "export taxonomy and model of the same training run",
)
NO_ROWS = _rule(
    "taxonomy-empty",
    "at least one leaf",
    "nothing is ever recognised",
    "nothing is ever recognised",
    "export the taxonomy again",
)
RANK = _rule(
    "rank-unknown",
    "rank levels that the plugin has a name for",
    "results carry no rank name",
    "results carry no rank name; lists that go by rank leave them out",
    "use iNaturalist's rank levels",
    Severity.WARNING,
)
RANK_ORDER = _rule(
    "rank-order",
    "a taxon ranks below its parent",
    "common ancestors are picked by rank: the wrong one may win",
    "common ancestors are picked by rank: the wrong one may win",
    "correct the rank or the parent",
    Severity.WARNING,
)
THRESHOLD_RANGE = _rule(
    "threshold-range",
    "thresholds between 0 and 1",
    "above 1 the taxon is never nearby, below 0 always",
    "above 1 the taxon is never nearby, below 0 always",
    "compute the thresholds on the scores of the geo model",
)
THRESHOLD_NONE = _rule(
    "threshold-all-missing",
    "leaves have thresholds",
    "every taxon counts as expected nearby, everywhere; common ancestors treat them all as not nearby",
    "every taxon counts as expected nearby, everywhere; common ancestors treat them all as not nearby",
    "join the thresholds; a table with threshold_value where taxon_id,thres is looked for leaves all empty",
    Severity.WARNING,
)
THRESHOLD_SOME = _rule(
    "threshold-missing",
    "every leaf has a threshold",
    "a leaf without one counts as expected nearby everywhere, and as not nearby for common ancestors",
    "a leaf without one counts as expected nearby everywhere, and as not nearby for common ancestors",
    "compute the missing thresholds",
    Severity.WARNING,
)
RULES = (
    PARENT,
    PARENT_LIFE,
    LIFE_ROW,
    TWICE,
    ID_RANGE,
    CIRCLE,
    NO_LEAF,
    INNER_LEAF,
    LEAF_TWICE,
    LEAF_GAP,
    LEAF_COUNT,
    NO_ROWS,
    RANK,
    RANK_ORDER,
    THRESHOLD_RANGE,
    THRESHOLD_NONE,
    THRESHOLD_SOME,
)
MODELS = {
    Role.ANDROID_TAXONOMY: (Role.ANDROID_VISION, Role.ANDROID_GEO),
    Role.IOS_TAXONOMY: (Role.IOS_VISION, Role.IOS_GEO),
}


def check(contents: Contents, plugin: str) -> Iterator[Finding]:
    """Look for every fault of this subject, file by file."""
    for role, file in contents.taxonomies.items():
        shown = contents.shown(file.path)
        if not file.leaves:
            yield Finding(NO_ROWS, shown, f"{len(file.rows)} rows, no leaf")
        yield from _parents(file, shown)
        yield from _leaves(file, shown)
        yield from _ranks(file, shown)
        yield from _thresholds(file, shown)
        yield from _counts(contents, role, file, shown)


def _grouped(rule: Rule, shown: str, rows: list[Row], what: str) -> Iterator[Finding]:
    """One finding for all rows that break a rule, at the first of them."""
    if rows:
        names = listed([f"{row.taxon} ({row.name})" for row in rows])
        yield Finding(rule, shown, f"{len(rows)} {what}: {names}", rows[0].line)


def _parents(file: TaxonomyFile, shown: str) -> Iterator[Finding]:
    taxa = {row.taxon for row in file.rows}
    orphans = [row for row in file.rows if row.parent is not None and row.parent not in taxa]
    yield from _grouped(
        PARENT, shown, [r for r in orphans if r.parent != facts.LIFE], "taxa lack their parent"
    )
    under_life = [row for row in file.rows if row.parent == facts.LIFE]
    yield from _grouped(PARENT_LIFE, shown, under_life, f"taxa have the parent {facts.LIFE}")
    yield from _grouped(LIFE_ROW, shown, [r for r in file.rows if r.taxon == facts.LIFE], "rows")
    counts = Counter(row.taxon for row in file.rows if row.taxon is not None)
    yield from _grouped(
        TWICE, shown, [r for r in file.rows if counts[r.taxon or -1] > 1], "rows share their id"
    )
    large = [row for row in file.rows if row.taxon is not None and row.taxon > facts.LARGEST_ID]
    yield from _grouped(ID_RANGE, shown, large, "taxa have a larger id")
    yield from _grouped(CIRCLE, shown, _circular(file), "taxa lead to no root")


def _circular(file: TaxonomyFile) -> list[Row]:
    """Rows whose parents run in a circle."""
    parents = {row.taxon: row.parent for row in file.rows}
    sound: set[int | None] = {None}
    lost: set[int | None] = set()
    for start in parents:
        path: list[int | None] = []
        taxon: int | None = start
        while taxon not in sound and taxon not in lost and taxon in parents and taxon not in path:
            path.append(taxon)
            taxon = parents[taxon]
        (lost if taxon in path or taxon in lost else sound).update(path)
    return [row for row in file.rows if row.taxon in lost]


def _leaves(file: TaxonomyFile, shown: str) -> Iterator[Finding]:
    parents = file.parents
    childless = [row for row in file.rows if row.taxon not in parents and row.leaf is None]
    yield from _grouped(NO_LEAF, shown, childless, "taxa without children have no leaf id")
    inner = [row for row in file.leaves if row.taxon in parents]
    yield from _grouped(INNER_LEAF, shown, inner, "taxa with children have a leaf id")
    counts = Counter(row.leaf for row in file.leaves)
    twice = [row for row in file.leaves if counts[row.leaf] > 1]
    yield from _grouped(LEAF_TWICE, shown, twice, "rows share their leaf id")
    absent = sorted(set(range(len(file.leaves))) - set(counts))
    if absent:
        beyond = sorted(leaf for leaf in counts if leaf is not None and not 0 <= leaf < len(file.leaves))
        more = f"; {listed(beyond)} lie outside" if beyond else ""
        yield Finding(LEAF_GAP, shown, f"{len(file.leaves)} leaves, ids {listed(absent)} are missing{more}")


def _ranks(file: TaxonomyFile, shown: str) -> Iterator[Finding]:
    strange = [row for row in file.rows if row.rank is not None and row.rank not in facts.RANKS]
    if strange:
        ranks = sorted({row.rank for row in strange if row.rank is not None})
        levels = listed([f"{rank:g}" for rank in ranks])
        yield Finding(RANK, shown, f"{len(strange)} taxa with rank levels {levels}", strange[0].line)
    rank_of = {row.taxon: row.rank for row in file.rows if row.taxon is not None}
    above = [r for r in file.rows if r.parent is not None and _outranks(r.rank, rank_of.get(r.parent))]
    yield from _grouped(RANK_ORDER, shown, above, "taxa do not rank below their parent")


def _outranks(rank: float | None, parent: float | None) -> bool:
    return rank is not None and parent is not None and rank >= parent


def _thresholds(file: TaxonomyFile, shown: str) -> Iterator[Finding]:
    outside = [r for r in file.rows if r.threshold is not None and not 0 <= r.threshold <= 1]
    yield from _grouped(THRESHOLD_RANGE, shown, outside, "taxa have a threshold outside 0 to 1")
    without = [row for row in file.leaves if row.threshold is None]
    if file.leaves and len(without) == len(file.leaves):
        yield Finding(THRESHOLD_NONE, shown, f"none of {len(without)} leaves has a {facts.THRESHOLD_COLUMN}")
    else:
        yield from _grouped(THRESHOLD_SOME, shown, without, f"of {len(file.leaves)} leaves have no threshold")


def _counts(contents: Contents, role: Role, file: TaxonomyFile, shown: str) -> Iterator[Finding]:
    for model in MODELS[role]:
        count = output_count(contents, model)
        if file.leaves and count is not None and count != len(file.leaves):
            where = contents.shown(contents.path(model))
            yield Finding(LEAF_COUNT, shown, f"{len(file.leaves)} leaves, {where} gives {count} scores")


def output_count(contents: Contents, role: Role) -> int | None:
    """How many scores a model gives; None where it does not say."""
    if role in contents.tflite:
        outputs = contents.tflite[role].outputs
        shape = outputs[0].shape if outputs else ()
    elif role in contents.core_ml:
        from fieldpack.exports.inat_vision_camera.rules.core_ml_files import read_outputs

        stated = [item for item in read_outputs(contents.core_ml[role], role) if item.kind == "multiarray"]
        shape = stated[0].shape if stated else ()
    else:
        return None
    return shape[-1] if shape else None
