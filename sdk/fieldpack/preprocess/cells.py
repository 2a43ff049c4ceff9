"""H3 cells of places, their centres, and tables of values by cell.

Cells are unsigned 64-bit numbers here, the integers that their hexadecimal names spell. The ``h3`` library of
the ``geo`` extra computes them; it is needed only where a contract names cells.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.location import CellTable
from fieldpack.errors import InputError, MissingDependencyError

Cells = NDArray[np.uint64]
Floats = NDArray[np.float64]


def h3_library() -> Any:
    """The interface of ``h3`` that names cells by whole numbers.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        from h3.api import basic_int
    except ImportError as error:
        raise MissingDependencyError(
            "H3 cells need the h3 library", hint="pip install 'fieldpack[geo]'"
        ) from error
    return basic_int


def cells_of(latitudes_degrees: Floats, longitudes_degrees: Floats, resolution: int) -> Cells:
    """The cell of every place, uint64 [N].

    Parameters
    ----------
    latitudes_degrees, longitudes_degrees : ndarray
        [N], in range.
    resolution : int
        0 (122 cells of 4.4 million square kilometres) to 15.
    """
    find = h3_library().latlng_to_cell
    pairs = zip(latitudes_degrees.tolist(), longitudes_degrees.tolist(), strict=True)
    count = len(latitudes_degrees)
    return np.fromiter((find(lat, lon, resolution) for lat, lon in pairs), np.uint64, count)


def cell_centres(cells: Cells) -> tuple[Floats, Floats]:
    """Latitudes and longitudes [N] of the centres of cells, degrees."""
    find = h3_library().cell_to_latlng
    known, inverse = np.unique(cells, return_inverse=True)
    centres = np.array([find(cell) for cell in known.tolist()], np.float64).reshape(-1, 2)[inverse]
    return centres[:, 0], centres[:, 1]


def cell_values(table: CellTable, cells: Cells) -> Floats:
    """The values of a table for cells of its resolution, float64 [N, columns].

    Raises
    ------
    InputError
        The file is no such table, or a cell is missing and the table's rule is to refuse it.
    """
    known, values = _opened(table)
    place = np.searchsorted(known, cells)
    place[place == len(known)] = 0
    found = np.where((known[place] == cells)[:, None], values[place], np.nan)
    missing = np.isnan(found)
    if not missing.any():
        return found
    if isinstance(table.missing, str):
        row = int(np.flatnonzero(missing.any(axis=1))[0])
        raise InputError(
            f"{Path(table.file).name} has no value for the cell of a place",
            came=f"cell {int(cells[row]):x}; {int(missing.any(axis=1).sum())} of {len(cells)} places",
            hint="complete the table, or state a number as its `missing`",
        )
    return np.where(missing, table.missing, found)


@lru_cache(maxsize=8)
def _opened(table: CellTable) -> tuple[Cells, Floats]:
    path = Path(table.file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the table {path.name} cannot be read", came=f"{path}: {error.strerror}") from error
    return read_cell_table(data, table)


def read_cell_table(data: bytes, table: CellTable) -> tuple[Cells, Floats]:
    """Cells in rising order, uint64 [C], and their values, float64 [C, columns], NaN where empty.

    Parameters
    ----------
    data : bytes
        UTF-8 CSV with a header, with or without byte order mark.
    table : CellTable
        Columns and resolution.

    Raises
    ------
    InputError
        A column is missing, a cell is no cell of this resolution or stands twice, or a value is no number.
    """
    name = Path(table.file).name
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8", came=f"byte {error.start}") from error
    rows = csv.DictReader(lines)
    for column in (table.cell_column, *table.columns):
        if column not in (rows.fieldnames or ()):
            came = ", ".join(rows.fieldnames or ()) or "no header"
            raise InputError(f"{name} has no column {column}", came=came)
    cells, values = [], []
    for number, row in enumerate(rows, 2):
        cells.append(_cell(row[table.cell_column], table.resolution, f"{name}, line {number}"))
        values.append([_value(row[column], f"{name}, line {number}, {column}") for column in table.columns])
    known = np.array(cells, np.uint64)
    order = np.argsort(known, kind="stable")
    known = known[order]
    if len(known) == 0 or (known[1:] == known[:-1]).any():
        came = f"{int(known[1:][known[1:] == known[:-1]][0]):x}" if len(known) else "no rows"
        raise InputError(f"{name} does not hold each cell once", came=came)
    return known, np.array(values, np.float64).reshape(len(known), -1)[order]


def _cell(text: str | None, resolution: int, where: str) -> int:
    h3 = h3_library()
    try:
        cell = int(text or "", 16)
    except ValueError:
        cell = 0
    if not h3.is_valid_cell(cell) or h3.get_resolution(cell) != resolution:
        raise InputError(f"{where}: not an H3 cell of resolution {resolution}", came=repr(text))
    return cell


def _value(text: str | None, where: str) -> float:
    if not (text or "").strip():
        return float("nan")
    try:
        value = float(text or "")
    except ValueError:
        value = float("inf")
    if not np.isfinite(value):
        raise InputError(f"{where}: not a finite number", came=repr(text), allowed="a number, or nothing")
    return value
