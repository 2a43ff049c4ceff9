"""Label files: UTF-8, one label a line, in the order of the output's numbers.

In a bundle a label is a line; ``Scientific name_Common name`` where the contract says so. A CSV file beside a
spec becomes such lines.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from fieldpack.contract.outputs import LabelTable
from fieldpack.errors import BundleError


def parse_labels(data: bytes, where: str) -> tuple[str, ...]:
    """The labels of a label file.

    Parameters
    ----------
    data : bytes
        UTF-8 text without byte order mark; lines end in a line feed, the last may lack it.
    where : str
        Name of the file, for the message.

    Raises
    ------
    BundleError
        It is not UTF-8, has a byte order mark, a carriage return, an empty line or no line.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"{where} is not UTF-8", came=f"byte {error.start}") from error
    if text.startswith("\ufeff") or "\r" in text:
        raise BundleError(
            f"{where} has a byte order mark or carriage returns", allowed="lines that end in \\n"
        )
    lines = text.removesuffix("\n").split("\n")
    empty = next((number for number, line in enumerate(lines, 1) if not line.strip()), None)
    if empty is not None:
        raise BundleError(f"{where} has no label on line {empty}", allowed="one label a line")
    return tuple(lines)


def parse_label_table(data: bytes, where: str, table: LabelTable) -> tuple[str, ...]:
    """The labels of a CSV file as lines of a label file.

    Parameters
    ----------
    data : bytes
        UTF-8 text, with or without byte order mark; the first row names the columns.
    where : str
        Name of the file, for the message.
    table : LabelTable
        Delimiter and columns.

    Raises
    ------
    BundleError
        It is not UTF-8, lacks a column, or a row has no scientific name.
    """
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=table.delimiter)
        header = rows.fieldnames or []
        labels = []
        for column in filter(None, (table.scientific, table.common)):
            if column not in header:
                raise BundleError(f"{where} has no column {column}", came=", ".join(header) or "no header")
        for number, row in enumerate(rows, 2):
            labels.append(_label(row, table, f"{where}, row {number}"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BundleError(f"{where} is not a CSV file in UTF-8", came=error) from error
    return parse_labels(labels_bytes(labels), where)


def _label(row: Mapping[str, str | None], table: LabelTable, where: str) -> str:
    scientific = (row[table.scientific] or "").strip()
    if not scientific or "_" in scientific:
        raise BundleError(f"{where} has no scientific name without underscores", came=repr(scientific))
    return scientific if table.common is None else f"{scientific}_{(row[table.common] or scientific).strip()}"


def names(label: str, label_format: str | LabelTable) -> tuple[str | None, str]:
    """(scientific name or None, name to show) of one label of a bundle."""
    scientific, mark, common = label.partition("_")
    if label_format == "plain" or not mark:
        return None, label
    return scientific, common or scientific


def labels_bytes(labels: Sequence[str]) -> bytes:
    """The bytes of a label file.

    Raises
    ------
    BundleError
        A label is empty or holds a line break.
    """
    data = "".join(f"{label}\n" for label in labels).encode("utf-8")
    if parse_labels(data, "the label list") != tuple(labels):
        raise BundleError("a label holds a line break", allowed="one line a label")
    return data
