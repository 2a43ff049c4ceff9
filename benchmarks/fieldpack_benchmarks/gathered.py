"""A study made of studies: each part runs, or is read from the record that it left.

With the environment variable ``FIELDPACK_STUDIES`` naming a folder, the record of each finished part is
kept there and is not made again while the versions stay the same; ``fieldpack study PART --json
FOLDER/PART.json`` writes such a record too.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fieldpack.errors import InputError
from fieldpack.verdict import AT_LEAST, Evidence
from fieldpack_benchmarks.machine import versions
from fieldpack_benchmarks.study import Bar, Column, Study, load_study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
FOLDER = "FIELDPACK_STUDIES"
COLUMNS = (
    Column("part", "text", "host", "a study of its own"),
    Column("bars", "count", "host", "what it demands"),
    Column("held", "count", "host", "of these"),
    Column("load", "value", "host", "load average when it ran; speed figures want a quiet machine"),
    Column("origin", "text", "host", "run now, or the record that it was read from"),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a gathered study is made of.

    Attributes
    ----------
    name : str
        The whole.
    functions : mapping of str to str
        Part -> ``module:function``, as in ``pyproject.toml``.
    quick : tuple of str
        Parts of the quick study.
    evidence : Evidence
        Of the bar that stands for a part that did not run.
    """

    name: str
    functions: Mapping[str, str]
    quick: tuple[str, ...]
    evidence: Evidence


def gathered(parts: Parts, quick: bool, progress: Progress) -> Study:
    """Run or read every part.

    Raises
    ------
    InputError
        A record in the folder is of other versions, or of a quick run.
    FieldpackError
        Whatever a part raises.
    """
    named = os.environ.get(FOLDER)
    folder = Path(named) if named and not quick else None
    chosen = parts.quick if quick else parts.functions
    return _joined(parts, [_part(parts, name, folder, quick, progress) for name in chosen], quick)


def _joined(parts: Parts, ran: Sequence[tuple[Study, str]], quick: bool) -> Study:
    bars = [replace(bar, name=f"{part.name}: {bar.name}") for part, _ in ran for bar in part.bars]
    missing = [name for name in parts.functions if name not in {part.name for part, _ in ran}]
    bars += [_left_out(name, parts.evidence) for name in missing]
    return Study(
        name=parts.name,
        columns=COLUMNS,
        rows=tuple(_row(part, origin) for part, origin in ran),
        bars=tuple(bars),
        timings=tuple(timing for part, _ in ran for timing in part.timings),
        notes=tuple(f"{part.name}: {note}" for part, _ in ran for note in part.notes),
        quick=quick,
    )


def _part(parts: Parts, name: str, folder: Path | None, quick: bool, progress: Progress) -> tuple[Study, str]:
    record = None if folder is None else folder / f"{name}.json"
    if record is not None and record.is_file():
        return _recorded(name, record), record.name
    module, _, function = parts.functions[name].partition(":")
    made: Study = getattr(importlib.import_module(module), function)(quick, progress)
    if record is not None:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(made.as_dict(), indent=1) + "\n", encoding="utf-8")
    return made, "run now"


def _recorded(name: str, record: Path) -> Study:
    """A record of this part, in full and of what is installed now."""
    found = load_study(record)
    if found.name != name or found.quick or dict(found.versions) != versions():
        raise InputError(
            f"{record} is not a record that can stand for {name}",
            came=f"{'quick ' if found.quick else ''}{found.name}, versions {dict(found.versions)}",
            allowed=f"the full study {name} with the versions that are installed now",
            hint="delete it, and the part runs again",
        )
    return found


def _row(part: Study, origin: str) -> dict[str, Cell]:
    return {
        "part": part.name,
        "bars": len(part.bars),
        "held": sum(bar.holds for bar in part.bars),
        "load": part.machine["load_average"],
        "origin": origin,
    }


def _left_out(name: str, evidence: Evidence) -> Bar:
    note = f"not_run: left out of the quick study; fieldpack study {name}"
    return Bar(f"{name}: its bars", None, 1.0, AT_LEAST, evidence, note)
