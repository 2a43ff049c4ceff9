"""Synonyms: what became of a model's taxa since it was trained.

The file is that of iNaturalist's server: CSV with ``model_taxon_id``, ``parent_taxon_id``, ``taxon_id``,
``rank_level`` and ``name``; further columns are left out. A row replaces the model's taxon; an empty
``taxon_id`` says that it was removed, several rows of one ``model_taxon_id`` that it was split.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import ContractError
from fieldpack.taxonomy.cells import decoded, number, positions
from fieldpack.taxonomy.faults import Draft, FaultCode, refuse
from fieldpack.taxonomy.forms import taxonomy_bytes
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

COLUMNS = ("model_taxon_id", "parent_taxon_id", "taxon_id", "rank_level", "name")


@dataclass(frozen=True, slots=True)
class Synonym:
    """One replacement; `taxon` without an id is a removal.

    Attributes
    ----------
    model_taxon : str
        Id in the model's taxonomy.
    taxon : str or None
        Id today.
    parent : str or None
        Its parent today; None for a root.
    rank_level : float or None
        Its rank today.
    name : str
        Its name today.
    """

    model_taxon: str
    taxon: str | None
    parent: str | None
    rank_level: float | None
    name: str


def read_synonyms(path: Path) -> tuple[Synonym, ...]:
    """The rows of a synonyms file.

    Raises
    ------
    StorageError
        It cannot be read.
    ContractError
        A row is faulty.
    """
    return parse_synonyms(taxonomy_bytes(path), str(path))


def parse_synonyms(data: bytes, where: str) -> tuple[Synonym, ...]:
    """The rows of a synonyms file from its bytes; `ContractError` lists every faulty row."""
    draft = Draft()
    found: list[Synonym] = []
    text = decoded(data, draft)
    rows = csv.reader(io.StringIO(text or "", newline=""))
    place = positions(next(rows, []), COLUMNS, draft) if text is not None else None
    for row in rows if place is not None else ():
        if place is None or not row:
            continue
        if len(row) != len(place):
            draft.fault(rows.line_num, FaultCode.ROW, f"{len(row)} cells under {len(place)} columns")
            continue
        model, parent, taxon, rank, name = (row[place[column]].strip() for column in COLUMNS)
        if not model or (taxon and not name) or any(item.model_taxon == model == taxon for item in found):
            draft.fault(rows.line_num, FaultCode.ID, "a row without model_taxon_id, or without a name")
        level = number(rank, "rank_level", 0, 100, rows.line_num, draft)
        found.append(Synonym(model, taxon or None, parent or None, level, name))
    refuse(where, draft.faults)
    return tuple(found)


def replacements(synonyms: tuple[Synonym, ...]) -> Mapping[str, tuple[Synonym, ...]]:
    """Model taxon -> what it is today; an empty tuple when it was removed."""
    found: dict[str, tuple[Synonym, ...]] = {}
    for item in synonyms:
        known = found.get(item.model_taxon, ())
        found[item.model_taxon] = known if item.taxon is None else (*known, item)
    return found


def one_to_one(synonyms: tuple[Synonym, ...]) -> Mapping[str, str]:
    """Model taxon -> its one successor.

    Raises
    ------
    ContractError
        A taxon was removed or split, or two became one.
    """
    found = replacements(synonyms)
    broken = [f"{taxon} -> {_shown(items)}" for taxon, items in found.items() if len(items) != 1]
    targets = [str(items[0].taxon) for items in found.values() if len(items) == 1]
    merged = sorted({target for target in targets if targets.count(target) > 1})
    if broken or merged:
        raise ContractError(
            "the synonyms are not one to one",
            came="; ".join([*broken[:5], *(f"two taxa -> {taxon}" for taxon in merged[:5])]),
            allowed="one successor for each taxon, and no successor of two",
            hint="a model whose outputs split, merge or end must be trained again, or keep its taxonomy",
        )
    return {taxon: str(items[0].taxon) for taxon, items in found.items()}


def with_synonyms(taxonomy: Taxonomy, synonyms: tuple[Synonym, ...]) -> Taxonomy:
    """The taxonomy that the server answers in: replaced leaves under their parents of today.

    A removed taxon loses its output; of a split one every successor has the output, so leaves are no longer
    one to one. Inner taxa stay, as ancestors.

    Raises
    ------
    ContractError
        A synonym's model taxon has no output, or a parent is not there.
    """
    found = replacements(synonyms)
    leaves = {taxon.id: taxon for taxon in taxonomy.leaves}
    foreign = sorted(set(found) - set(leaves))
    if foreign:
        raise ContractError(f"{len(foreign)} synonym(s) replace no leaf", came=", ".join(foreign[:5]))
    kept = {taxon.id: _outputless(taxon, found) for taxon in taxonomy.taxa}
    for model, items in found.items():
        for item in items:
            taxon = _successor(leaves[model], item)
            kept[taxon.id] = taxon
    orphans = sorted({taxon.parent for taxon in kept.values() if taxon.parent and taxon.parent not in kept})
    if orphans:
        raise ContractError(
            "a synonym's parent is not in the taxonomy",
            came=", ".join(orphans[:5]),
            hint="give the taxonomy that holds today's taxa too",
        )
    inner = {taxon.parent for taxon in kept.values()}
    alive = (
        taxon
        for taxon in kept.values()
        if taxon.id not in found or taxon.leaf is not None or taxon.id in inner
    )
    return Taxonomy(tuple(alive))


def _outputless(taxon: Taxon, found: Mapping[str, tuple[Synonym, ...]]) -> Taxon:
    return dataclasses.replace(taxon, leaf=None) if taxon.id in found else taxon


def _successor(model: Taxon, item: Synonym) -> Taxon:
    return Taxon(str(item.taxon), item.parent, item.name, item.rank_level, model.leaf, model.threshold)


def _shown(items: tuple[Synonym, ...]) -> str:
    return ", ".join(str(item.taxon) for item in items) or "removed"
