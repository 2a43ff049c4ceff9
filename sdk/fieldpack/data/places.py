"""A data set of places: a CSV table of coordinates, and which labels are present at each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.data.example import Example, ExampleList
from fieldpack.data.labels import read_table
from fieldpack.data.sample import sample
from fieldpack.errors import InputError, SpecError
from fieldpack.spec import PlaceData


def open_places(source: PlaceData, seed: int) -> ExampleList:
    """Examples of a table of places, in its order, named by their zero-padded row.

    Rows are filtered by ``where``, then sampled to ``limit``. An empty elevation or week is none.

    Raises
    ------
    SpecError
        The table, a column or every row is missing.
    InputError
        A cell is no number, or the presence does not fit the rows.
    """
    table = Path(source.table)
    rows = read_table(table, _columns(source))
    presence = _presence(source, len(rows))
    width = len(str(len(rows) - 1))
    examples = [
        _example(source, row, f"{number:0{width}d}", None if presence is None else presence[number])
        for number, row in enumerate(rows)
        if all(row[name] in accepted for name, accepted in source.where.items())
    ]
    if not examples:
        raise SpecError(f"no row of {table} is left", came=f"{len(rows)} rows before where")
    return ExampleList(sample(examples, source.limit, seed))


def _columns(source: PlaceData) -> tuple[str, ...]:
    stated = (source.elevation_column, source.week_column, source.label_column, source.group_column)
    named = tuple(name for name in stated if name is not None)
    return (source.latitude_column, source.longitude_column, *named, *source.where, *source.slices)


def _example(source: PlaceData, row: dict[str, str], name: str, present: NDArray[Any] | None) -> Example:
    def number(column: str | None) -> float | None:
        return None if column is None else _number(row[column], f"{source.table}, row {name}, {column}")

    latitude, longitude = number(source.latitude_column), number(source.longitude_column)
    if latitude is None or longitude is None:
        raise InputError(f"{source.table}, row {name} has no place", came=row[source.latitude_column])
    elevation, week = number(source.elevation_column), number(source.week_column)
    raw: Any = (latitude, longitude, elevation)
    if week is not None:
        raw = (*raw, week)
    label = row[source.label_column] or None if source.label_column is not None else None
    slices = {column: row[column] for column in source.slices}
    group = None if source.group_column is None else row[source.group_column]
    return Example(name, raw, label, slices, group, present=present)


def _number(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{where} is no number", came=repr(text)) from error


def _presence(source: PlaceData, rows: int) -> NDArray[Any] | None:
    return None if source.presence is None else read_presence(Path(source.presence), rows)


def read_presence(path: Path, rows: int) -> NDArray[Any]:
    """Which labels are present at each of so many examples: 0 and 1, or false and true, [rows, labels].

    Raises
    ------
    InputError
        It is no such array.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is not an .npy array", came=error) from error
    if array.ndim != 2 or len(array) != rows or array.dtype.kind not in "bu" or array.max(initial=0) > 1:
        raise InputError(
            f"{path} does not say which labels are present",
            came=f"{array.dtype} {list(array.shape)}",
            allowed=f"bool or uint8 0 and 1 [{rows}, labels]",
        )
    return array
