"""The record of a study: rows, the bars they must reach, and all that is needed to judge them.

A study is a function ``study(quick, progress) -> Study`` registered under the entry-point group
``fieldpack.studies``. The record says where every column comes from, keeps warm-ups and every
timed value, and has a schema version; a reader refuses the versions it does not know.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldpack.errors import InputError
from fieldpack.verdict import AT_LEAST, AT_MOST, RELATIONS, Evidence
from fieldpack_benchmarks.machine import machine, versions
from fieldpack_benchmarks.table import Cell, cell_text, table_text

STUDY_SCHEMA = 1
BY_ROW = "row"
"""Evidence of a column whose rows differ in it: each row names its own in the cell ``evidence``."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes
    ----------
    name : str
        Key of the cell in each row.
    unit : str
        ``text``, ``bytes``, ``fraction``, ``nats``, ``ratio``, ``ms``, ``s``, ``count``, or ``value`` of a
        tensor.
    evidence : str
        A class of :class:`fieldpack.verdict.Evidence`, or ``row``.
    meaning : str
        One line for a reader.
    """

    name: str
    unit: str
    evidence: str
    meaning: str

    def __post_init__(self) -> None:
        if self.evidence not in (BY_ROW, *(item.value for item in Evidence)):
            raise InputError(
                f"column {self.name} has an unknown class of evidence",
                came=self.evidence,
                allowed=", ".join([BY_ROW, *(item.value for item in Evidence)]),
            )


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure and what it must reach; a figure that was not measured does not reach it.

    Attributes
    ----------
    name : str
        What is asked.
    value : float or None
        What was measured.
    limit : float
        What is wanted.
    relation : str
        ``at_most`` or ``at_least``.
    evidence : Evidence
        Where the value comes from.
    note : str
        Anything a reader must know, such as an unstable timing.
    """

    name: str
    value: float | None
    limit: float
    relation: str
    evidence: Evidence
    note: str = ""

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS or not math.isfinite(self.limit):
            raise InputError(
                f"bar {self.name} is malformed",
                came=f"{self.relation} {self.limit}",
                allowed=f"{AT_MOST} or {AT_LEAST} and a finite limit",
            )

    @property
    def holds(self) -> bool:
        """Whether the limit is kept; touching it keeps it."""
        if self.value is None or not math.isfinite(self.value):
            return False
        return self.value <= self.limit if self.relation == AT_MOST else self.value >= self.limit

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "value": self.value if self.value is None or math.isfinite(self.value) else str(self.value),
            "limit": self.limit,
            "relation": self.relation,
            "holds": self.holds,
            "evidence": self.evidence.value,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """One timed thing: every value in the order it was taken, warm-ups apart."""

    name: str
    unit: str
    warm_ups: tuple[float, ...]
    values: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "warm_ups": [round(value, 4) for value in self.warm_ups],
            "values": [round(value, 4) for value in self.values],
        }


@dataclass(frozen=True, slots=True)
class Study:
    """One run of a study.

    Attributes
    ----------
    name : str
        Its entry point.
    columns, rows
        The table; a row is a mapping from column name to number, text or None.
    bars : tuple of Bar
        What must hold.
    timings : tuple of Timing
        Raw values behind the timed figures.
    notes : tuple of str
        What a reader must know.
    quick : bool
        Whether it ran on a sample.
    machine, versions : mapping
        What it ran on.
    schema_version : int
        Of this record.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Cell], ...]
    bars: tuple[Bar, ...]
    quick: bool
    timings: tuple[Timing, ...] = ()
    notes: tuple[str, ...] = ()
    machine: Mapping[str, Any] = field(default_factory=machine)
    versions: Mapping[str, str] = field(default_factory=versions)
    schema_version: int = STUDY_SCHEMA

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        by_row = any(column.evidence == BY_ROW for column in self.columns)
        for row in self.rows:
            strange = sorted(set(row) - set(names))
            if strange:
                raise InputError("a row has a cell without a column", came=strange, allowed=", ".join(names))
            if by_row and row.get("evidence") not in [item.value for item in Evidence]:
                raise InputError("a row does not name its evidence", came=row.get("evidence"))

    @property
    def holds(self) -> bool:
        """Whether every bar holds; a study without bars shows nothing and does not hold."""
        return bool(self.bars) and all(bar.holds for bar in self.bars)

    def as_dict(self) -> dict[str, Any]:
        """The whole record as plain data."""
        return {
            "schema_version": self.schema_version,
            "study": self.name,
            "quick": self.quick,
            "holds": self.holds,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "columns": [
                {"name": item.name, "unit": item.unit, "evidence": item.evidence, "meaning": item.meaning}
                for item in self.columns
            ],
            "rows": [{item.name: row.get(item.name) for item in self.columns} for row in self.rows],
            "bars": [bar.as_dict() for bar in self.bars],
            "timings": [timing.as_dict() for timing in self.timings],
            "notes": list(self.notes),
        }

    def as_text(self) -> str:
        """Table, notes, bars and where it ran, for a terminal."""
        table = table_text(
            [column.name.replace("_", " ") for column in self.columns],
            [[cell_text(row.get(column.name), column.unit) for column in self.columns] for row in self.rows],
            right=[column.unit != "text" for column in self.columns],
        )
        parts = [table, *(["\n".join(self.notes)] if self.notes else []), self._bars_text(), self._place()]
        return "\n\n".join(parts)

    def _bars_text(self) -> str:
        rows = [
            [
                "not run" if bar.value is None else "holds" if bar.holds else "MISSED",
                bar.name,
                "not measured" if bar.value is None else f"{bar.value:.6g}",
                f"{'<=' if bar.relation == AT_MOST else '>='} {bar.limit:.6g}",
                bar.evidence.value,
                bar.note,
            ]
            for bar in self.bars
        ]
        table = table_text(
            ["bar", "", "value", "wanted", "evidence", "note"],
            rows,
            right=[False, False, True, True, False, False],
        )
        held = sum(bar.holds for bar in self.bars)
        return f"{table}\n\n{held} of {len(self.bars)} bars hold"

    def _place(self) -> str:
        size = "seeded sample" if self.quick else "full"
        place = self.machine
        return (
            f"{size}; {place['cpu']}, {place['cores']} cores, {place['memory_bytes'] / 2**30:.0f} GiB, "
            f"{place['os']}, load average {place['load_average']}"
        )


def load_study(path: Path) -> Study:
    """Read a record that ``fieldpack study NAME --json FILE`` wrote.

    Raises
    ------
    InputError
        The file is missing, is no such record, or has a schema version that is not known.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError("the study cannot be read", came=f"{path}: {error}") from error
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != STUDY_SCHEMA:
        raise InputError(
            f"{path} has a schema version that is not known",
            came=found,
            allowed=str(STUDY_SCHEMA),
            hint="read it with the version of Fieldpack that wrote it, or run the study again",
        )
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not the record of a study", came=error) from error


def _from_document(document: Mapping[str, Any]) -> Study:
    return Study(
        name=document["study"],
        columns=tuple(Column(**item) for item in document["columns"]),
        rows=tuple(document["rows"]),
        bars=_bars(document["bars"]),
        quick=document["quick"],
        timings=tuple(
            Timing(item["name"], item["unit"], tuple(item["warm_ups"]), tuple(item["values"]))
            for item in document["timings"]
        ),
        notes=tuple(document["notes"]),
        machine=document["machine"],
        versions=document["versions"],
    )


def _bars(documents: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            name=item["name"],
            value=None if item["value"] is None else float(item["value"]),
            limit=item["limit"],
            relation=item["relation"],
            evidence=Evidence(item["evidence"]),
            note=item["note"],
        )
        for item in documents
    )
