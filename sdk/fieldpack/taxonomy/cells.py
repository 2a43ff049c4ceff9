"""Text files of rows: decoding, hazards of their bytes, and numbers of single cells."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence

from fieldpack.errors import ContractError
from fieldpack.taxonomy.faults import Draft, FaultCode

BOM = "\ufeff"
_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def decoded(data: bytes, draft: Draft) -> str | None:
    """The text without its byte order mark; None after the fault was noted."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        draft.fault(line, FaultCode.UNREADABLE, f"is no CSV file in UTF-8: byte {error.start}")
        return None


def byte_hazards(data: bytes, draft: Draft) -> None:
    """Note a byte order mark and carriage returns, which phones take into the first and last name."""
    if data.startswith(BOM.encode("utf-8")):
        draft.hazard(
            1, FaultCode.BYTE_ORDER_MARK, "begins with a byte order mark, which hides the first column"
        )
    returns = data.count(b"\r")
    if returns:
        line = data[: data.index(b"\r")].count(b"\n") + 1
        draft.hazard(line, FaultCode.CARRIAGE_RETURN, f"{returns} carriage returns, which end up in names")


def lines_of(text: str) -> list[str]:
    """The lines without their ends; only a line feed, or a carriage return and one, ends a line."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def positions(header: Sequence[str], wanted: Iterable[str], draft: Draft) -> dict[str, int] | None:
    """Where each column stands; None after a missing or doubled one was noted."""
    columns = list(wanted)
    missing = [column for column in columns if column not in header]
    for column in missing:
        came = ", ".join(header) or "no header"
        draft.fault(1, FaultCode.HEADER, f"lacks the column {column!r}; got {came}")
    double = sorted({column for column in header if column and header.count(column) > 1})
    for column in double:
        draft.fault(1, FaultCode.HEADER, f"names the column {column!r} twice")
    return None if missing or double else {column: header.index(column) for column in header}


def whole(text: str, what: str, line: int, draft: Draft) -> int | None:
    """A whole number of at least 0; None when the cell is empty or after the fault was noted."""
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    draft.fault(line, FaultCode.NUMBER, f"{what} {text!r} is no whole number")
    return None


def number(text: str, what: str, low: float, high: float, line: int, draft: Draft) -> float | None:
    """A number within bounds; None when the cell is empty or after the fault was noted."""
    if not text:
        return None
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return bounded(value, repr(text), what, low, high, line, draft)


def bounded(
    value: float, came: str, what: str, low: float, high: float, line: int, draft: Draft
) -> float | None:
    """The number when it lies within bounds; else None after the fault was noted."""
    if low <= value <= high:
        return value
    draft.fault(line, FaultCode.NUMBER, f"{what} {came} is no number of {low:g} to {high:g}")
    return None


def number_text(value: float | None) -> str:
    """The shortest text of a number that reads the same, ``10`` rather than ``10.0``; empty for None."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV by RFC 4180 with line feeds: cells with a comma, a quote or a line break are quoted."""
    import io

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")


def unwritable(form: str, faults: Sequence[str]) -> ContractError:
    """The error of a writer whose form cannot say what the taxonomy holds."""
    return ContractError(
        f"the taxonomy cannot be written as {form}: {len(faults)} fault(s):\n  " + "\n  ".join(faults[:50]),
        hint="choose another form, or mend the taxa",
    )
