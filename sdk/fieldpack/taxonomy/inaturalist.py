"""iNaturalist's taxonomy files: CSV as its training export and its Android plugin have it, JSON as on iOS.

Columns stand anywhere and are found by name. The plugin's CSV reader splits at commas and knows no quotes, so
only the last column may hold commas; what it would read otherwise than a CSV reader is a hazard. Its root,
taxon 48460 (Life), is made by the plugin itself and is no row. Facts from its repository,
inaturalist/vision-camera-plugin-inatvision.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.taxonomy.cells import (
    bounded,
    byte_hazards,
    decoded,
    lines_of,
    number,
    number_text,
    positions,
    unwritable,
    whole,
)
from fieldpack.taxonomy.faults import Draft, FaultCode
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

LIFE = str(facts.LIFE)
REQUIRED, THRESHOLD = facts.REQUIRED_COLUMNS, facts.THRESHOLD_COLUMN
_SHIFTED = re.compile(r"[0-9.]*,")
NUMBERS = ("parent_taxon_id", "taxon_id", "rank_level", "leaf_class_id", THRESHOLD)


def read_csv(data: bytes) -> Draft:
    """The rows of a CSV file."""
    draft = Draft(strict_leaves=True)
    text = decoded(data, draft)
    if text is None:
        return draft
    byte_hazards(data, draft)
    lines = lines_of(text)
    header = lines[0].split(",") if lines else []
    names = [name.strip().strip('"') for name in header]
    if names != header:
        draft.hazard(1, FaultCode.SPACES, "column names have spaces or quotes around them")
    place = positions(names, REQUIRED, draft)
    if place is None:
        return draft
    if place["name"] != len(names) - 1:
        draft.hazard(1, FaultCode.HEADER, "name is not the last column, so a comma in a name shifts the row")
    at = [place.get(column, -1) for column in (*REQUIRED, THRESHOLD)]
    for row, line in enumerate(lines[1:], 2):
        cells = _cells(line, row, len(names), draft)
        if cells is not None:
            _csv_row(cells, at, row, draft)
    return _without_life(draft)


def read_json(data: bytes) -> Draft:
    """The objects of a JSON array; the line of a fault is the number of the object."""
    draft = Draft(strict_leaves=True)
    text = decoded(data, draft)
    if text is None:
        return draft
    byte_hazards(data.replace(b"\r\n", b"\n"), draft)
    try:
        rows = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        draft.fault(None, FaultCode.UNREADABLE, f"is not readable as JSON: {error}")
        return draft
    if not isinstance(rows, list):
        draft.fault(None, FaultCode.UNREADABLE, "is no array of objects")
        return draft
    for row, item in enumerate(rows, 1):
        if isinstance(item, dict):
            _json_row(item, row, draft)
        else:
            draft.fault(row, FaultCode.ROW, f"{type(item).__name__} is no object")
    return _without_life(draft)


def write_csv(taxonomy: Taxonomy) -> bytes:
    """CSV that both the plugin and a CSV reader take: no quotes, name last, no Life, line feeds.

    Raises
    ------
    ContractError
        Ids are no whole numbers, a rank is missing, or a name begins with a quote or holds a line break.
    """
    _check_writable(taxonomy, "iNaturalist's CSV")
    thresholds = any(taxon.threshold is not None for taxon in taxonomy.taxa)
    header = [*REQUIRED[:-1], *([THRESHOLD] if thresholds else []), "name"]
    rows = [",".join(header)]
    for taxon in taxonomy.taxa:
        cells = [taxon.parent or "", taxon.id, number_text(taxon.rank_level), number_text(taxon.leaf)]
        cells += [number_text(taxon.threshold)] if thresholds else []
        rows.append(",".join([*cells, taxon.name]))
    return ("\n".join(rows) + "\n").encode("utf-8")


def write_json(taxonomy: Taxonomy) -> bytes:
    """JSON with numbers as numbers and null for what is missing, one taxon a line.

    Raises
    ------
    ContractError
        As of :func:`write_csv`.
    """
    _check_writable(taxonomy, "iNaturalist's JSON")
    rows = (json.dumps(_json_taxon(taxon), ensure_ascii=False) for taxon in taxonomy.taxa)
    return ("[\n" + ",\n".join(rows) + "\n]\n").encode("utf-8")


def _cells(line: str, row: int, columns: int, draft: Draft) -> list[str] | None:
    """The cells of a line as the plugin splits it, or by the rules of CSV where cells are quoted."""
    stripped = line.strip()
    if stripped != line:
        draft.hazard(row, FaultCode.SPACES, "spaces at the end or the beginning of the row")
    cells = stripped.split(",", columns - 1)
    if '"' in stripped and any(cell.lstrip().startswith('"') for cell in cells):
        draft.hazard(row, FaultCode.QUOTES, "a quoted cell; phones take the quotes into the name")
        try:
            cells = next(csv.reader([stripped], strict=True))
        except csv.Error as error:
            draft.fault(row, FaultCode.QUOTES, f"quotes that do not close: {error}")
            return None
    if len(cells) == columns:
        return cells
    hint = "; a comma in an early column?" if len(cells) > columns else ""
    draft.fault(row, FaultCode.ROW, f"{len(cells)} cells under {columns} columns{hint}")
    return None


def _csv_row(cells: list[str], at: list[int], row: int, draft: Draft) -> None:
    parent, taxon, rank, leaf, name, threshold = (cells[place].strip() if place >= 0 else "" for place in at)
    before = len(draft.faults)
    parent_id = whole(parent, "parent_taxon_id", row, draft)
    taxon_id = whole(taxon, "taxon_id", row, draft)
    level = number(rank, "rank_level", 0, 100, row, draft)
    leaf_id = whole(leaf, "leaf_class_id", row, draft)
    limit = number(threshold, THRESHOLD, 0, 1, row, draft)
    if _SHIFTED.match(name):
        draft.fault(row, FaultCode.NAME, f"name {name!r} begins with a cell; a comma in an early column?")
    faulty = len(draft.faults) > before
    if not faulty or taxon_id is not None:
        _add(parent_id, taxon_id, level, leaf_id, limit, name, row, draft, faulty)


def _json_row(item: dict[str, Any], row: int, draft: Draft) -> None:
    before = len(draft.faults)
    for key in NUMBERS:
        value = item.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            message = f"{key} is {value!r}; phones take JSON numbers and null"
            draft.fault(row, FaultCode.NUMBER, message)
    for key in ("parent_taxon_id", "taxon_id", "leaf_class_id"):
        value = item.get(key)
        if isinstance(value, float) or (type(value) is int and value < 0):
            draft.fault(row, FaultCode.NUMBER, f"{key} {value!r} is no whole number")
    for key, highest in (("rank_level", 100.0), (THRESHOLD, 1.0)):
        value = item.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            bounded(value, repr(value), key, 0, highest, row, draft)
    name = item.get("name")
    if not isinstance(name, str):
        draft.fault(row, FaultCode.NAME, f"name is {name!r}; a text is needed")
    if len(draft.faults) > before:
        return
    level, limit = item.get("rank_level"), item.get(THRESHOLD)
    _add(
        item.get("parent_taxon_id"),
        item.get("taxon_id"),
        None if level is None else float(level),
        item.get("leaf_class_id"),
        None if limit is None else float(limit),
        str(name).strip(),
        row,
        draft,
        faulty=False,
    )


def _add(
    parent: int | None,
    taxon: int | None,
    level: float | None,
    leaf: int | None,
    threshold: float | None,
    name: str,
    row: int,
    draft: Draft,
    faulty: bool,
) -> None:
    if taxon is None:
        draft.fault(row, FaultCode.ID, "has a row without a taxon_id")
        return
    if level is None and not faulty:
        draft.fault(row, FaultCode.RANK, f"{taxon} has no rank_level")
    if not name:
        draft.fault(row, FaultCode.NAME, f"{taxon} has no name")
    parent_id = None if parent is None else str(parent)
    draft.add(row, Taxon(str(taxon), parent_id, name, level, leaf, threshold))


def _without_life(draft: Draft) -> Draft:
    """The draft without the row of Life, and its children as roots, as the plugin builds the tree."""
    kept = Draft(faults=draft.faults, strict_leaves=True)
    for line, taxon in zip(draft.lines, draft.taxa, strict=True):
        if taxon.id == LIFE:
            kept.hazard(line, FaultCode.LIFE, f"taxon {LIFE} is the root that phones make themselves")
            continue
        if taxon.parent == LIFE:
            message = (
                f"{taxon.id} names {LIFE} as its parent; iOS drops it with all below, an empty cell is right"
            )
            kept.hazard(line, FaultCode.LIFE, message)
            taxon = Taxon(taxon.id, None, taxon.name, taxon.rank_level, taxon.leaf, taxon.threshold)
        kept.add(line, taxon)
    return kept


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"an object has {', '.join(double)} twice")
    return found


def _check_writable(taxonomy: Taxonomy, form: str) -> None:
    faults = [f"{taxon.id}: {why}" for taxon in taxonomy.taxa for why in _obstacles(taxon)]
    inner = {taxon.parent for taxon in taxonomy.taxa}
    for taxon in taxonomy.taxa:
        if (taxon.id in inner) == (taxon.leaf is not None):
            faults.append(f"{taxon.id}: exactly the childless taxa have a leaf id")
    if faults:
        raise unwritable(form, faults)


def _obstacles(taxon: Taxon) -> Iterator[str]:
    if not (taxon.id.isascii() and taxon.id.isdigit() and len(taxon.id) <= 18):
        yield "the id is no whole number"
    if taxon.rank_level is None:
        yield "there is no rank level"
    if taxon.name.startswith('"') or taxon.name != taxon.name.strip() or not taxon.name:
        yield f"the name {taxon.name!r} is empty, or begins with a quote or a space, or ends with a space"
    if len(taxon.name.splitlines()) > 1:
        yield "the name holds a line break"


def _json_taxon(taxon: Taxon) -> dict[str, Any]:
    level = taxon.rank_level
    return {
        "parent_taxon_id": None if taxon.parent is None else int(taxon.parent),
        "taxon_id": int(taxon.id),
        "rank_level": int(level) if level is not None and level == int(level) else level,
        "leaf_class_id": taxon.leaf,
        THRESHOLD: taxon.threshold,
        "name": taxon.name,
    }
