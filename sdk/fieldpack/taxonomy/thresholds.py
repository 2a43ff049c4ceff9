"""Thresholds of range models in files of their own, in the three schemas that iNaturalist's tools write.

``,taxon_id,thres,area`` (the server's fixtures), ``taxon_id,thres`` (the plugin's script) and
``taxon_id,threshold_type,threshold_value`` (the training repository), of which one type must be chosen where
a file holds several.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from fieldpack.errors import ContractError, StorageError
from fieldpack.taxonomy.cells import decoded, number, positions
from fieldpack.taxonomy.faults import Draft, FaultCode, refuse

TYPE, TYPED = "threshold_type", "threshold_value"


def read_thresholds(path: Path, kind: str | None = None) -> dict[str, float]:
    """The thresholds of a file by taxon id; see :func:`parse_thresholds`.

    Raises
    ------
    StorageError
        It cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError("the thresholds cannot be read", came=f"{path}: {error.strerror}") from error
    return parse_thresholds(data, str(path), kind)


def parse_thresholds(data: bytes, where: str, kind: str | None = None) -> dict[str, float]:
    """The thresholds of a file by taxon id.

    Parameters
    ----------
    data : bytes
        UTF-8 CSV in one of the three schemas; columns by name, others are left out.
    where : str
        Name of the file, for the message.
    kind : str, optional
        Which ``threshold_type`` is meant; needed where there are several.

    Raises
    ------
    ContractError
        A column is missing, an id comes twice, a threshold is no number of 0 to 1, or the type is not clear.
    """
    draft = Draft()
    text = decoded(data, draft)
    found: dict[str, float] = {}
    if text is not None:
        rows = csv.reader(io.StringIO(text, newline=""))
        header = next(rows, [])
        typed = TYPED in header
        place = positions(header, ("taxon_id", TYPE, TYPED) if typed else ("taxon_id", "thres"), draft)
        if place is not None:
            table = [(rows.line_num, row) for row in rows if row]
            chosen = _of_type(table, place, kind, where) if typed else table
            _fill(found, chosen, place, TYPED if typed else "thres", draft)
    refuse(where, draft.faults)
    return found


def _of_type(
    table: list[tuple[int, list[str]]], place: dict[str, int], kind: str | None, where: str
) -> list[tuple[int, list[str]]]:
    types = sorted({row[place[TYPE]] for _, row in table if len(row) > place[TYPE]})
    unclear = len(types) > 1 if kind is None else kind not in types
    if unclear:
        raise ContractError(
            f"{where} holds thresholds of several types" if kind is None else f"{where} has no such type",
            came=kind or ", ".join(types),
            allowed=", ".join(types),
            hint="name one (--threshold-type)",
        )
    return [(line, row) for line, row in table if kind is None or row[place[TYPE] :][:1] == [kind]]


def _fill(
    found: dict[str, float],
    table: list[tuple[int, list[str]]],
    place: dict[str, int],
    column: str,
    draft: Draft,
) -> None:
    for line, row in table:
        if len(row) != len(place):
            draft.fault(line, FaultCode.ROW, f"{len(row)} cells under {len(place)} columns")
            continue
        taxon, text = row[place["taxon_id"]].strip(), row[place[column]].strip()
        value = number(text, column, 0, 1, line, draft)
        if not taxon or (not text):
            draft.fault(line, FaultCode.THRESHOLD, "a row without a taxon id or without a threshold")
        elif taxon in found:
            draft.fault(line, FaultCode.TWICE, f"lists a taxon twice: {taxon}")
        elif value is not None:
            found[taxon] = value
