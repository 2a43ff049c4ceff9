"""From the label texts of a data set to indices of the model's label list."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from pathlib import Path

from fieldpack.errors import SpecError

UNLABELLED = -1


def read_label_map(path: Path) -> dict[str, str]:
    """Read a CSV with the columns ``label`` (of the data) and ``output`` (of the model).

    Raises
    ------
    SpecError
        The file or a column is missing, or a label has two outputs.
    """
    mapping: dict[str, str] = {}
    for row in read_table(path, ("label", "output")):
        label, output = row["label"], row["output"]
        if mapping.setdefault(label, output) != output:
            raise SpecError(
                f"{path} maps the label {label!r} twice", came=f"{mapping[label]!r} and {output!r}"
            )
    return mapping


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """All rows of a UTF-8 CSV file with a header that has `columns`.

    Raises
    ------
    SpecError
        The file is missing, is not UTF-8, or lacks a column or a cell.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval=None)
            header = list(reader.fieldnames or ())
            rows = list(reader)
    except OSError as error:
        raise SpecError(f"the table {path} cannot be read", came=error.strerror) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SpecError(f"{path} is not a UTF-8 CSV table", came=error) from error
    for column in columns:
        if column not in header:
            raise SpecError(
                f"{path} has no column {column!r}",
                came=", ".join(header) or "an empty file",
                hint=_near(column, header),
            )
    for number, row in enumerate(rows, start=2):
        short = [column for column in columns if row[column] is None]
        if short:
            raise SpecError(f"{path} row {number} has no cell for column {short[0]!r}")
    return rows


def label_index(label: str | int | None, labels: Sequence[str] | None, where: str) -> int:
    """Index of a label in the model's list; integers are indices; None is -1.

    Parameters
    ----------
    label : str, int or None
        Label of an example.
    labels : sequence of str or None
        The model's labels in output order; None makes every text unlabelled, integers stay.
    where : str
        The example, named in the message.

    Raises
    ------
    SpecError
        The text is not in the list (the message gives near matches), or the index is out of range.
    """
    if label is None:
        return UNLABELLED
    if isinstance(label, str):
        return _text_index(label, labels, where)
    if label < 0 or (labels is not None and label >= len(labels)):
        raise SpecError(
            f"{where} has the label index {label}",
            allowed="0 or more" if labels is None else f"0..{len(labels) - 1}",
        )
    return int(label)


def _text_index(label: str, labels: Sequence[str] | None, where: str) -> int:
    if labels is None:
        return UNLABELLED
    if label not in labels:
        raise SpecError(
            f"{where} has the label {label!r}, which is not in the model's label list",
            allowed=f"{len(labels)} labels, such as {labels[0]!r}" if labels else "an empty list",
            hint=_near(label, labels) or "map data labels to model labels with label_map",
        )
    return list(labels).index(label)


def _near(text: str, choices: Sequence[str]) -> str | None:
    folded = {choice.casefold().replace("_", " "): choice for choice in choices}
    found = difflib.get_close_matches(text.casefold().replace("_", " "), folded, n=3, cutoff=0.6)
    return "did you mean " + ", ".join(repr(folded[match]) for match in found) + "?" if found else None
