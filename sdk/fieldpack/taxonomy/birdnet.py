"""BirdNET's label files: ``Scientific name_Common name`` lines, and the CSV of version 3.

The lines name no ancestors, so each is a root whose id is the scientific name. The CSV
(``idx;id;sci_name;com_name;class;order``) names class and order; those have their lineage as id. Facts from
birdnet-team/BirdNET-Analyzer and birdnet-V3.0-dev.
"""

from __future__ import annotations

import csv
import io

from fieldpack.taxonomy.cells import byte_hazards, decoded, lines_of, positions, unwritable, whole
from fieldpack.taxonomy.faults import Draft, FaultCode
from fieldpack.taxonomy.taxon import LEVELS, Taxon
from fieldpack.taxonomy.tree import Taxonomy

COLUMNS = ("idx", "id", "sci_name", "com_name", "class", "order")


def read_labels(data: bytes) -> Draft:
    """The lines of a label file, line k of which is output k."""
    draft = Draft()
    text = decoded(data, draft)
    if text is None:
        return draft
    byte_hazards(data, draft)
    for leaf, line in enumerate(lines_of(text)):
        scientific, mark, common = line.partition("_")
        if not mark or not scientific.strip() or not common.strip():
            draft.fault(leaf + 1, FaultCode.ROW, f"{line!r} is not Scientific name_Common name")
            continue
        if line != line.strip():
            draft.hazard(leaf + 1, FaultCode.SPACES, "spaces around the label")
        name = scientific.strip()
        draft.add(leaf + 1, Taxon(name, None, name, None, leaf, None, common.strip()))
    return draft


def read_csv(data: bytes) -> Draft:
    """The rows of a CSV file of version 3."""
    draft = Draft()
    text = decoded(data, draft)
    if text is None:
        return draft
    byte_hazards(data, draft)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        place = positions(next(rows, []), COLUMNS, draft)
        if place is None:
            return draft
        known: set[str] = set()
        for row in rows:
            if len(row) == len(place):
                _row([row[place[column]].strip() for column in COLUMNS], rows.line_num, known, draft)
            elif row:
                message = f"{len(row)} cells under {len(place)} columns"
                draft.fault(rows.line_num, FaultCode.ROW, message)
    except csv.Error as error:
        draft.fault(rows.line_num, FaultCode.UNREADABLE, f"is no CSV file in UTF-8: {error}")
    return draft


def write_labels(taxonomy: Taxonomy) -> bytes:
    """One line for each leaf, in the order of the outputs; a taxon without a common name repeats its name.

    Raises
    ------
    ContractError
        There is no leaf, or a scientific name holds an underscore or a line break.
    """
    faults = [] if taxonomy.leaves else ["there is no leaf"]
    faults += [
        f"{taxon.id}: the name {taxon.name!r} holds an underscore or a line break"
        for taxon in taxonomy.leaves
        if "_" in taxon.name or len(f"{taxon.name} {taxon.common_name}".splitlines()) > 1
    ]
    if faults:
        raise unwritable("BirdNET's labels", faults)
    lines = (f"{taxon.name}_{taxon.common_name or taxon.name}\n" for taxon in taxonomy.leaves)
    return "".join(lines).encode("utf-8")


def write_csv(taxonomy: Taxonomy) -> bytes:
    """The CSV of version 3: a row for each leaf, with the names of its class and order where it has them.

    Raises
    ------
    ContractError
        There is no leaf.
    """
    if not taxonomy.leaves:
        raise unwritable("BirdNET's CSV", ["there is no leaf"])
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for taxon in taxonomy.leaves:
        line = [taxonomy.by_id[name] for name in taxonomy.line(taxon.id)]
        by_level = {item.rank_level: item.name for item in line}
        above = [by_level.get(LEVELS[rank], "") for rank in ("class", "order")]
        writer.writerow([taxon.leaf, taxon.id, taxon.name, taxon.common_name or "", *above])
    return buffer.getvalue().encode("utf-8")


def _row(cells: list[str], line: int, known: set[str], draft: Draft) -> None:
    index, taxon, scientific, common, class_name, order = cells
    leaf = whole(index, "idx", line, draft)
    if leaf is None or not taxon or not scientific:
        draft.fault(line, FaultCode.ROW, "a row without idx, id or sci_name")
        return
    parent: str | None = None
    for rank, name in (("class", class_name), ("order", order)):
        if not name:
            continue
        above = name if parent is None else f"{parent};{name}"
        if above not in known:
            known.add(above)
            draft.add(line, Taxon(above, parent, name, LEVELS[rank]))
        parent = above
    draft.add(line, Taxon(taxon, parent, scientific, LEVELS["species"], leaf, None, common or None))
