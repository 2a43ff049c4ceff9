"""``fieldpack study coreml``: all that is claimed of the Core ML runtime, gathered from its four studies.

The parts are studies of their own (``coreml-families``, ``coreml-conformance``, ``coreml-mutation``,
``coreml-fuzz``); together they take hours. With the environment variable ``FIELDPACK_STUDIES``
naming a folder, the record of each finished part is kept there and is not made again while the
versions stay the same; ``fieldpack study PART --json FOLDER/PART.json`` writes such a record too.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fieldpack.errors import InputError
from fieldpack.verdict import AT_LEAST, Evidence
from fieldpack_benchmarks.machine import versions
from fieldpack_benchmarks.study import Bar, Column, Study, load_study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
FOLDER = "FIELDPACK_STUDIES"
STUDIES = "fieldpack_benchmarks.studies"
PARTS: Mapping[str, str] = {
    "coreml-families": f"{STUDIES}.coreml_families:study",
    "coreml-conformance": f"{STUDIES}.coreml_conformance:study",
    "coreml-mutation": f"{STUDIES}.coreml_mutation:study",
    "coreml-fuzz": f"{STUDIES}.coreml_fuzz:study",
}
"""Part -> its function, as in ``pyproject.toml``."""
QUICK = ("coreml-families", "coreml-fuzz")
COLUMNS = (
    Column("part", "text", "host", "a study of its own"),
    Column("bars", "count", "host", "what it demands"),
    Column("held", "count", "host", "of these"),
    Column("load", "value", "host", "load average when it ran; speed figures want a quiet machine"),
    Column("origin", "text", "host", "run now, or the record that it was read from"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Run or read every part; with `quick` two of them, on their samples.

    Raises
    ------
    InputError
        A record in the folder is of other versions, or of a quick run.
    FieldpackError
        Whatever a part raises.
    """
    named = os.environ.get(FOLDER)
    folder = Path(named) if named and not quick else None
    return study_of([_part(name, folder, quick, progress) for name in (QUICK if quick else PARTS)], quick)


def study_of(parts: Sequence[tuple[Study, str]], quick: bool) -> Study:
    """The record over the parts that ran, each with its origin; what did not run is ``not_run``."""
    ran = {part.name for part, _ in parts}
    bars = [replace(bar, name=f"{part.name}: {bar.name}") for part, _ in parts for bar in part.bars]
    bars += [_left_out(name) for name in PARTS if name not in ran]
    return Study(
        name="coreml",
        columns=COLUMNS,
        rows=tuple(_row(part, origin) for part, origin in parts),
        bars=tuple(bars),
        timings=tuple(timing for part, _ in parts for timing in part.timings),
        notes=tuple(f"{part.name}: {note}" for part, _ in parts for note in part.notes),
        quick=quick,
    )


def _part(name: str, folder: Path | None, quick: bool, progress: Progress) -> tuple[Study, str]:
    record = None if folder is None else folder / f"{name}.json"
    if record is not None and record.is_file():
        return _recorded(name, record), record.name
    module, _, function = PARTS[name].partition(":")
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


def _left_out(name: str) -> Bar:
    note = f"not_run: left out of the quick study; fieldpack study {name}"
    return Bar(f"{name}: its bars", None, 1.0, AT_LEAST, Evidence.REFERENCE, note)
