"""What every form must keep once its rows are read: one tree, unique ids, dense leaves, falling ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fieldpack.taxonomy.faults import Draft, Fault, FaultCode
from fieldpack.taxonomy.taxon import Taxon

LONGEST_CIRCLE = 8
NAMED = 5


def structure_faults(draft: Draft, outputs: int | None = None) -> list[Fault]:
    """Everything that is wrong with the tree of a draft.

    Parameters
    ----------
    draft : Draft
        Taxa with their lines.
    outputs : int, optional
        Size of the model's output, which the leaves must have.
    """
    if not draft.taxa and not draft.faults:
        return [Fault(None, FaultCode.ROW, "the file is without a taxon")]
    first: dict[str, int] = {}
    faults = list(_double(draft, first))
    parents = {taxon.id: taxon.parent or "" for taxon in reversed(draft.taxa)}
    faults += _orphans(draft, parents)
    faults += _circles(parents, {taxon: draft.lines[row] for taxon, row in first.items()})
    faults += _leaves(draft, outputs)
    faults += _strict_leaves(draft) if draft.strict_leaves else []
    return faults + list(_ranks(draft, first))


def _double(draft: Draft, first: dict[str, int]) -> Iterator[Fault]:
    """Ids that come again; `first` is filled with the row of each id."""
    for row, taxon in enumerate(draft.taxa):
        known = first.setdefault(taxon.id, row)
        if known == row:
            continue
        line, other = draft.lines[known], draft.taxa[known]
        if other.parent != taxon.parent:
            here, there = taxon.parent or "none", other.parent or "none"
            message = f"{taxon.id} has two parents: {there} on line {line}, {here} here"
            yield Fault(draft.lines[row], FaultCode.TWO_PARENTS, message)
        else:
            yield Fault(draft.lines[row], FaultCode.TWICE, f"lists a taxon twice: {taxon.id}, line {line}")


def _orphans(draft: Draft, parents: Mapping[str, str]) -> Iterator[Fault]:
    for line, taxon in zip(draft.lines, draft.taxa, strict=True):
        if taxon.parent is not None and taxon.parent not in parents:
            message = f"lacks a parent: {taxon.id} -> {taxon.parent}; add a row for it"
            yield Fault(line, FaultCode.NO_PARENT, message)


def _circles(parents: Mapping[str, str], lines: Mapping[str, int]) -> Iterator[Fault]:
    settled: set[str] = {""}
    for start in parents:
        path: dict[str, None] = {}
        taxon = start
        while taxon not in settled and taxon in parents and taxon not in path:
            path[taxon] = None
            taxon = parents[taxon]
        if taxon in path:
            members = list(path)
            circle = [*members[members.index(taxon) :], taxon]
            shown = " -> ".join(circle[:LONGEST_CIRCLE])
            yield Fault(lines[taxon], FaultCode.CIRCLE, f"the parents run in a circle: {shown}")
        settled.update(path)


def _leaves(draft: Draft, outputs: int | None) -> Iterator[Fault]:
    taken: dict[int, str] = {}
    for line, taxon in zip(draft.lines, draft.taxa, strict=True):
        if taxon.leaf is None:
            continue
        if taxon.leaf in taken and taken[taxon.leaf] != taxon.id:
            message = f"leaf {taxon.leaf} stands twice: {taken[taxon.leaf]} and {taxon.id}"
            yield Fault(line, FaultCode.LEAF, message)
        taken.setdefault(taxon.leaf, taxon.id)
    missing = sorted(set(range(len(taken))) - set(taken))
    if missing:
        shown = ", ".join(map(str, missing[:NAMED]))
        message = f"the leaves are not dense: of 0..{len(taken) - 1} there is no {shown}"
        yield Fault(None, FaultCode.LEAF, message)
    if outputs is not None and len(taken) != outputs:
        yield Fault(None, FaultCode.COUNT, f"{len(taken)} leaves; the model has {outputs} outputs")


def _strict_leaves(draft: Draft) -> Iterator[Fault]:
    inner = {taxon.parent for taxon in draft.taxa}
    for line, taxon in zip(draft.lines, draft.taxa, strict=True):
        if taxon.id in inner and taxon.leaf is not None:
            message = (
                f"{taxon.id} has children and a leaf id; phones ignore its score and count its mass wrongly"
            )
            yield Fault(line, FaultCode.LEAF, message)
        if taxon.id not in inner and taxon.leaf is None:
            message = f"{taxon.id} has neither children nor a leaf id; phones fail at the first prediction"
            yield Fault(line, FaultCode.LEAF, message)


def _ranks(draft: Draft, first: Mapping[str, int]) -> Iterator[Fault]:
    for line, taxon in zip(draft.lines, draft.taxa, strict=True):
        parent = _parent_of(taxon, draft, first)
        if parent is None or taxon.rank_level is None or parent.rank_level is None:
            continue
        if taxon.rank_level >= parent.rank_level:
            message = (
                f"{taxon.id} has rank level {taxon.rank_level:g} under {parent.id} of {parent.rank_level:g}"
            )
            yield Fault(line, FaultCode.RANK, message, hazard=True)


def _parent_of(taxon: Taxon, draft: Draft, first: Mapping[str, int]) -> Taxon | None:
    row = first.get(taxon.parent) if taxon.parent is not None else None
    return None if row is None else draft.taxa[row]
