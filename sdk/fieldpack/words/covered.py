"""Which kinds a new version knows: what is new, gone, called otherwise or put elsewhere in the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fieldpack.difference.labels import Label, LabelDifference
from fieldpack.taxonomy import Taxon
from fieldpack.words.record import Record
from fieldpack.words.said import Said, bullets, joined, say
from fieldpack.words.stated import plain

MOST_NAMES = 200
"""Of one group; who wants the others asks ``fieldpack diff``."""
MOST_PAIRS = 60
CLASS_LEVEL = 50.0
"""Rank at which kinds are grouped: class, or the lowest above it that a tree has."""
NO_GROUP = "Elsewhere"
MORE = "and more; `fieldpack diff` names all of them"


@dataclass(frozen=True)
class Versions:
    """Both records, and how the labels of one output differ between them."""

    old: Record
    new: Record
    labels: LabelDifference


def covered_words(versions: Versions) -> Iterator[Said]:
    """Paragraphs on one output."""
    labels, moves, names = versions.labels, list(_moves(versions)), list(_renamed(versions))
    if labels.added:
        yield say("**New in this version:**")
        yield _grouped(versions.new, labels.output, labels.added)
    if labels.removed:
        yield say("**No longer answered:**")
        yield _grouped(versions.old, labels.output, labels.removed)
    if names:
        yield say("**Called otherwise:**")
        yield _listed(names)
    if moves:
        yield say("**Put elsewhere in the tree:**")
        yield _listed(moves)
    if not (labels.added or labels.removed or names or moves):
        yield say("The same kinds are covered as before.")


def kind_words(record: Record, output: str, index: int) -> Said:
    """The name of the kind behind one number: in people's language first, where the taxonomy has one."""
    tree = record.trees.get(output)
    if tree is None:
        return plain(record.labels[output][index])
    return _taxon(record, output, tree.leaves[index])


def _taxon(record: Record, output: str, taxon: Taxon) -> Said:
    name = plain(record.taxon(output, taxon, taxon.name))
    if not taxon.common_name or taxon.common_name == taxon.name:
        return name
    return say("{} ({})", plain(record.taxon(output, taxon, taxon.common_name)), name)


def _grouped(record: Record, output: str, labels: Iterable[Label]) -> Said:
    """One list item for each group, by name; without a taxonomy one item in all."""
    groups: dict[str, tuple[Said | None, list[Said]]] = {}
    for label in labels:
        above = _group(record, output, label.number)
        title = None if above is None else _taxon(record, output, above)
        groups.setdefault("" if above is None else above.name, (title, []))[1].append(
            kind_words(record, output, label.number)
        )
    alone = list(groups) == [""]
    items = []
    for _, (title, names) in sorted(groups.items(), key=lambda item: (not item[0], item[0])):
        shown = _names(names)
        items.append(shown if alone else say("{}: {}", say(NO_GROUP) if title is None else title, shown))
    return bullets(items)


def _group(record: Record, output: str, index: int) -> Taxon | None:
    tree = record.trees.get(output)
    if tree is None:
        return None
    line = [tree.by_id[taxon] for taxon in tree.line(tree.leaves[index].id)[1:]]
    ranked = [taxon for taxon in line if (taxon.rank_level or 0) >= CLASS_LEVEL]
    return next(iter(ranked or line[-1:]), None)


def _names(names: Sequence[Said]) -> Said:
    shown = joined(sorted(names[:MOST_NAMES], key=str), ", ")
    return shown if len(names) <= MOST_NAMES else say("{}, {}", shown, say(MORE))


def _renamed(versions: Versions) -> Iterator[Said]:
    """Kinds whose name, in either language, is another one; labels where a version has no taxonomy."""
    old, new, output = versions.old, versions.new, versions.labels.output
    trees = output in old.trees and output in new.trees
    for one, other in versions.labels.pairs:
        before, after = (
            kind_words(record, output, number) if trees else plain(record.labels[output][number])
            for record, number in ((old, one), (new, other))
        )
        if str(before) != str(after):
            yield say("{} is now {}", before, after)


def _moves(versions: Versions) -> Iterator[Said]:
    tree, output = versions.labels.taxonomy, versions.labels.output
    for change in () if tree is None else tree.moved:
        old, new = versions.old.trees[output], versions.new.trees[output]
        taxon, after = old.by_id[change.taxon], new.by_id.get(str(change.new))
        before = old.by_id.get(str(change.old))
        names = [_place(versions.old, output, before), _place(versions.new, output, after)]
        yield say("{}: from {} to {}", _taxon(versions.old, output, taxon), *names)


def _place(record: Record, output: str, taxon: Taxon | None) -> Said:
    return say("the top") if taxon is None else _taxon(record, output, taxon)


def _listed(lines: Sequence[Said]) -> Said:
    return bullets([*lines[:MOST_PAIRS], *([say(MORE)] if len(lines) > MOST_PAIRS else [])])
