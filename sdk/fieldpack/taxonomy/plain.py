"""Fieldpack's own form: CSV with ``taxon,parent`` and, where they are known, further columns by name.

It is the one form in bundles. ``taxon`` is the id, ``parent`` its parent's id, empty at a root;
``rank_level``, ``leaf``, ``threshold``, ``common_name`` and ``name`` may be absent or empty; other columns
are left out.
"""

from __future__ import annotations

import csv
import io

from fieldpack.taxonomy.cells import BOM, csv_bytes, decoded, number, number_text, positions, whole
from fieldpack.taxonomy.faults import Draft, FaultCode
from fieldpack.taxonomy.taxon import Taxon
from fieldpack.taxonomy.tree import Taxonomy

REQUIRED = ("taxon", "parent")
COLUMNS = (*REQUIRED, "rank_level", "leaf", "threshold", "common_name", "name")


def read(data: bytes) -> Draft:
    """The rows of a file; a byte order mark and carriage returns do no harm."""
    draft = Draft()
    text = decoded(data, draft)
    if text is None:
        return draft
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        place = positions(next(rows, []), REQUIRED, draft)
        if place is None:
            return draft
        at = [place.get(column) for column in COLUMNS]
        width = len(place)
        for row in rows:
            if row:
                _row(row, at, width, rows.line_num, draft)
    except csv.Error as error:
        draft.fault(rows.line_num, FaultCode.UNREADABLE, f"is no CSV file in UTF-8: {error}")
    return draft


def write(taxonomy: Taxonomy) -> bytes:
    """The one spelling of a taxonomy: every column of :data:`COLUMNS`, rows in the order of the taxa."""
    return csv_bytes(
        COLUMNS,
        (
            (
                taxon.id,
                taxon.parent or "",
                number_text(taxon.rank_level),
                number_text(taxon.leaf),
                number_text(taxon.threshold),
                taxon.common_name or "",
                taxon.name,
            )
            for taxon in taxonomy.taxa
        ),
    )


def _row(row: list[str], at: list[int | None], width: int, line: int, draft: Draft) -> None:
    if len(row) > width:
        message = f"{len(row)} cells under {width} columns; quote a cell that holds a comma"
        draft.fault(line, FaultCode.ROW, message)
        return
    taxon, parent, rank, leaf, threshold, common, name = (
        row[place] if place is not None and place < len(row) else "" for place in at
    )
    if not taxon:
        draft.fault(line, FaultCode.ID, "has a row without a taxon")
        return
    if taxon != taxon.strip() or BOM in taxon:
        draft.hazard(line, FaultCode.SPACES, f"{taxon!r} begins or ends with a space")
    draft.add(
        line,
        Taxon(
            taxon,
            parent or None,
            name or taxon,
            number(rank, "rank_level", 0, 100, line, draft),
            whole(leaf, "leaf", line, draft),
            number(threshold, "threshold", 0, 1, line, draft),
            common or None,
        ),
    )
