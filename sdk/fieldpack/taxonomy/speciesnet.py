"""SpeciesNet's label files: ``uuid;class;order;family;genus;species;common_name``, one output a line.

The tree is in the lines: an ancestor that has a line of its own is that taxon, any other gets its lineage as
id (``mammalia;carnivora``). ``species`` is the epithet alone. Lines without a lineage (blank, vehicle) are
roots. A name with two parents within a class, or two lines of one taxon, are faults. Facts from
google/cameratrapai.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fieldpack.taxonomy.cells import byte_hazards, decoded, lines_of, unwritable
from fieldpack.taxonomy.faults import Draft, FaultCode
from fieldpack.taxonomy.taxon import LEVELS, Taxon
from fieldpack.taxonomy.tree import Taxonomy

RANK_NAMES = ("class", "order", "family", "genus", "species")
FIELDS = 7
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Lineage = tuple[str, ...]


def matches(line: str) -> bool:
    """Whether a line looks like one of this form."""
    fields = line.strip().split(";")
    return len(fields) == FIELDS and _UUID.fullmatch(fields[0].lower()) is not None


def read(data: bytes) -> Draft:
    """The lines of a file, ancestors first."""
    draft = Draft()
    text = decoded(data, draft)
    if text is None:
        return draft
    byte_hazards(data, draft)
    labels: dict[Lineage, tuple[int, str, str, int]] = {}
    for leaf, line in enumerate(lines_of(text)):
        found = _fields(line, leaf + 1, draft)
        if found is None:
            continue
        taxon, lineage, common = found
        if any(lineage) and lineage in labels:
            message = f"lists a taxon twice: {';'.join(lineage)}, line {labels[lineage][0]}"
            draft.fault(leaf + 1, FaultCode.TWICE, message)
            continue
        key = lineage if any(lineage) else (taxon,)
        labels[key] = (leaf + 1, taxon, common, leaf)
    _grow(labels, draft)
    return draft


def write(taxonomy: Taxonomy) -> bytes:
    """One line for each leaf, in the order of the outputs; ranks that the form lacks are left out.

    Raises
    ------
    ContractError
        There is no leaf, an id is no UUID, or a name holds a semicolon or a line break.
    """
    faults: list[str] = [] if taxonomy.leaves else ["there is no leaf"]
    lines = []
    for taxon in taxonomy.leaves:
        names = _names(taxonomy, taxon)
        texts = [*names, taxon.common_name or taxon.name]
        if _UUID.fullmatch(taxon.id.lower()) is None:
            faults.append(f"{taxon.id}: the id is no UUID")
        if any(";" in text or len(text.splitlines()) > 1 for text in texts):
            faults.append(f"{taxon.id}: a name holds a semicolon or a line break")
        lines.append(";".join([taxon.id, *texts]))
    if faults:
        raise unwritable("SpeciesNet's labels", faults)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _fields(line: str, row: int, draft: Draft) -> tuple[str, Lineage, str] | None:
    fields = [field.strip() for field in line.split(";")]
    if len(fields) != FIELDS:
        draft.fault(row, FaultCode.ROW, f"{len(fields)} fields; {FIELDS} are needed")
        return None
    if _UUID.fullmatch(fields[0].lower()) is None:
        draft.fault(row, FaultCode.ID, f"{fields[0]!r} is no UUID")
        return None
    if fields[5] and not fields[4]:
        draft.fault(row, FaultCode.NAME, f"species {fields[5]!r} has no genus")
        return None
    return fields[0], tuple(fields[1:6]), fields[6]


def _grow(labels: dict[Lineage, tuple[int, str, str, int]], draft: Draft) -> None:
    """Add every lineage of every label once, from the root down."""
    ids: dict[Lineage, str] = {}
    homes: dict[tuple[str, str, str], tuple[str | None, int]] = {}
    for lineage, (line, taxon, common, leaf) in labels.items():
        if not any(lineage[1:]) and len(lineage) == 1:
            draft.add(line, Taxon(taxon, None, common or taxon, None, leaf, None, common or None))
            continue
        parent: str | None = None
        for step in _steps(lineage):
            if step not in ids:
                ids[step] = labels[step][1] if step in labels else ";".join(step).rstrip(";")
                _add(step, ids[step], parent, labels.get(step), line, draft)
                _note_home(step, parent, line, homes, draft)
            parent = ids[step]


def _steps(lineage: Lineage) -> Iterator[Lineage]:
    """The lineages of all ancestors that have a name, and the lineage itself."""
    for depth in range(1, len(lineage) + 1):
        if lineage[depth - 1]:
            yield lineage[:depth] + ("",) * (len(lineage) - depth)


def _add(
    step: Lineage,
    taxon: str,
    parent: str | None,
    label: tuple[int, str, str, int] | None,
    line: int,
    draft: Draft,
) -> None:
    depth = max(position for position, name in enumerate(step) if name)
    name = f"{step[3]} {step[4]}" if depth == 4 else step[depth]
    level = LEVELS[RANK_NAMES[depth]]
    own, common, leaf = (line, None, None) if label is None else (label[0], label[2] or None, label[3])
    draft.add(own, Taxon(taxon, parent, name, level, leaf, None, common))


def _note_home(
    step: Lineage,
    parent: str | None,
    line: int,
    homes: dict[tuple[str, str, str], tuple[str | None, int]],
    draft: Draft,
) -> None:
    depth = max(position for position, name in enumerate(step) if name)
    if depth not in (1, 2, 3):
        return
    home = homes.setdefault((step[0], RANK_NAMES[depth], step[depth]), (parent, line))
    if home[0] != parent:
        message = (
            f"{RANK_NAMES[depth]} {step[depth]} has two parents: {home[0]} on line {home[1]}, {parent} here"
        )
        draft.fault(line, FaultCode.TWO_PARENTS, message)


def _names(taxonomy: Taxonomy, taxon: Taxon) -> list[str]:
    by_level = {
        taxonomy.by_id[name].rank_level: taxonomy.by_id[name].name for name in taxonomy.line(taxon.id)
    }
    names = [by_level.get(LEVELS[rank], "") for rank in RANK_NAMES]
    names[4] = names[4].removeprefix(f"{names[3]} ") if names[3] else names[4]
    return names
