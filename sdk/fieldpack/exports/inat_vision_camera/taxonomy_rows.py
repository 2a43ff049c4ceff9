"""Both taxonomy files as the same rows, read tolerantly, with every hazard noted on the way.

The plugin's own readers are strict in odd places and lax in others; here as much as possible is
understood, so that one early fault does not hide the later ones. What is a fault is for the rules to say.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BOM = "\ufeff"
WHOLE = re.compile(r"0|[1-9][0-9]*")
NUMBERS = ("taxon_id", "parent_taxon_id", "rank_level", "leaf_class_id", "geo_threshold")


@dataclass(frozen=True, slots=True)
class Row:
    """One taxon of a file; None where a value is absent or is no number.

    Attributes
    ----------
    line : int
        Line of a CSV file, or number of the entry of a JSON file, from 1.
    """

    line: int
    taxon: int | None
    parent: int | None
    rank: float | None
    leaf: int | None
    threshold: float | None
    name: str | None


@dataclass
class TaxonomyFile:
    """A taxonomy file of either format.

    Attributes
    ----------
    path : Path
        The file.
    rows : list of Row
        What was understood.
    columns : list of str
        Of a CSV file, as its header has them, blanks and quotes taken off.
    raw_header : str
        The header as it stands there.
    hazards : dict of str to list of (int, str)
        Name of a hazard -> line and what came, in the order of the file.
    """

    path: Path
    rows: list[Row] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    raw_header: str = ""
    hazards: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def note(self, hazard: str, line: int, came: str) -> None:
        """Write down a hazard."""
        self.hazards.setdefault(hazard, []).append((line, came[:120]))

    @property
    def leaves(self) -> list[Row]:
        """Rows with a leaf id."""
        return [row for row in self.rows if row.leaf is not None]

    @property
    def parents(self) -> set[int]:
        """Taxa that a row names as its parent."""
        return {row.parent for row in self.rows if row.parent is not None}


def read_csv(path: Path) -> TaxonomyFile:
    """Read a ``taxonomy.csv``."""
    file = TaxonomyFile(path)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        file.note("encoding", 1, str(error))
        text = data.decode("latin-1")
    if text.startswith(BOM):
        file.note("bom", 1, "EF BB BF")
        text = text.removeprefix(BOM)
    lines = text.split("\n")
    if any(line.endswith("\r") for line in lines):
        file.note("crlf", next(n for n, line in enumerate(lines, 1) if line.endswith("\r")), "CR LF")
    file.raw_header = lines[0].removesuffix("\r")
    file.columns = [part.strip().strip('"') for part in file.raw_header.split(",")]
    while lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines[1:], start=2):
        _read_line(file, number, line.strip())
    return file


def _read_line(file: TaxonomyFile, number: int, line: str) -> None:
    if not line:
        file.note("blank", number, "an empty line")
        return
    parts = line.split(",", len(file.columns) - 1)
    if len(parts) < len(file.columns):
        file.note("short", number, line)
        return
    cells = dict(zip(file.columns, parts, strict=True))
    for column, cell in cells.items():
        if cell.strip().startswith('"') and cell.strip().endswith('"') and len(cell.strip()) > 1:
            file.note("quotes", number, f"{column} = {cell}")
    file.rows.append(_row(file, number, {key: _csv_value(file, number, key, cells) for key in cells}))


def _csv_value(file: TaxonomyFile, number: int, column: str, cells: dict[str, str]) -> Any:
    """A cell as JSON would have it; faults of its form are noted."""
    cell = cells[column]
    text = cell.strip().strip('"')
    if column not in NUMBERS:
        return text
    if text == "":
        return None
    if cell != text and not cell.strip().startswith('"'):
        file.note("blanks", number, f"{column} = {cell!r}")
    if column in ("rank_level", "geo_threshold"):
        return _float_cell(file, number, column, text)
    if WHOLE.fullmatch(text):
        return int(text)
    try:
        value = float(text)
        whole = int(value) if value == int(value) and "_" not in text else None
    except (ValueError, OverflowError):
        whole = None
    file.note("number" if whole is None else "spelling", number, f"{column} = {text!r}")
    return whole


def _float_cell(file: TaxonomyFile, number: int, column: str, text: str) -> float | None:
    try:
        value = float(text.replace("_", " "))
    except ValueError:
        file.note("number", number, f"{column} = {text!r}")
        return None
    if not math.isfinite(value):
        file.note("nan", number, f"{column} = {text}")
        return None
    return value


def read_json(path: Path) -> TaxonomyFile:
    """Read a ``taxonomy.json``."""
    file = TaxonomyFile(path)
    strange: list[str] = []
    try:
        loaded = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_remember(strange))
    except (ValueError, RecursionError) as error:
        file.note("syntax", getattr(error, "lineno", 1), str(error))
        return file
    for word in strange:
        file.note("nan", 1, word)
    if not isinstance(loaded, list):
        file.note("shape", 1, f"a JSON {type(loaded).__name__}")
        return file
    if not loaded:
        file.note("shape", 1, "an empty list")
    for number, entry in enumerate(loaded, start=1):
        if isinstance(entry, dict):
            file.rows.append(_row(file, number, {k: _json_value(file, number, k, entry) for k in entry}))
        else:
            file.note("shape", number, f"entry {number} is a JSON {type(entry).__name__}")
    return file


def _remember(strange: list[str]) -> Any:
    def constant(word: str) -> None:
        strange.append(word)

    return constant


def _json_value(file: TaxonomyFile, number: int, key: str, entry: dict[str, Any]) -> Any:
    value = entry[key]
    if key not in NUMBERS or value is None:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        file.note("type", number, f"{key} = {json.dumps(value)}")
        return _number_of(value)
    if not math.isfinite(value):
        file.note("nan", number, f"{key} = {value}")
        return None
    if isinstance(value, float) and key not in ("rank_level", "geo_threshold") and value != int(value):
        file.note("number", number, f"{key} = {value}")
        return None
    return value


def _number_of(value: Any) -> float | None:
    """The number that a text of a JSON file means, so that later rules see it."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _row(file: TaxonomyFile, number: int, values: dict[str, Any]) -> Row:
    whole = {key: values.get(key) for key in ("taxon_id", "parent_taxon_id", "leaf_class_id")}
    ids = {key: None if value is None else int(value) for key, value in whole.items()}
    rank, threshold, name = values.get("rank_level"), values.get("geo_threshold"), values.get("name")
    if ids["taxon_id"] is None and (not file.columns or "taxon_id" in file.columns):
        file.note("no_taxon", number, "no taxon_id")
    if rank is None and (not file.columns or "rank_level" in file.columns):
        file.note("no_rank", number, f"taxon {ids['taxon_id']}")
    if (not isinstance(name, str) or not name) and (not file.columns or "name" in file.columns):
        file.note("no_name", number, f"taxon {ids['taxon_id']}, name = {json.dumps(name)}")
    return Row(
        number,
        ids["taxon_id"],
        ids["parent_taxon_id"],
        None if rank is None else float(rank),
        ids["leaf_class_id"],
        None if threshold is None else float(threshold),
        name if isinstance(name, str) else None,
    )
