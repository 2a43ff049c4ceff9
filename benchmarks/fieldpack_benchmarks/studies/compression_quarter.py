"""``fieldpack study compression-quarter``: the photo model in a quarter of its int8 bytes, beside others.

``fieldpack search`` on ``nature_keras/quarter.toml`` of the reference models, whose trained stage takes half
an hour on two processors; then every tool of ``alternatives/`` on the same model. A point of ours stands
against each of theirs: no more bytes after deflate, and no fewer photos told right. Trials are kept in the
folder that ``FIELDPACK_STUDIES`` names, so that a study that was stopped goes on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fieldpack.errors import FieldpackError, MissingDependencyError
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.cases import Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.gathered import FOLDER
from fieldpack_benchmarks.processes import FIELDPACK
from fieldpack_benchmarks.studies.compression_int8 import OURS, reference_cases, study_of
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
MODEL, SPEC = "nature_keras", "quarter.toml"
SHARE, LOSS = 0.25, 0.02
SEARCHED = "fieldpack search"
REFERENCE = "int8"
"""The stage whose file the quarter is taken of."""
QUICK = {"training": 64, "evaluation": 80, "calibration": 32}
COLUMNS = (
    Column("tool", "text", "host", "who made the file; a search names the stage"),
    Column("evidence", "text", BY_ROW, "how it was run; Core ML in half-precision arithmetic"),
    Column("size_bytes", "bytes", "host", "installed; - where the tool writes no file"),
    Column("download_bytes", "bytes", "host", "after deflate level 6"),
    Column("accuracy", "fraction", BY_ROW, "share of the photos told right"),
    Column("lost", "fraction", BY_ROW, "accuracy of the source model less this"),
)


def study(quick: bool, progress: Progress) -> Study:
    """The search and the other tools; with `quick` on few photos, an epoch a training, and no bars.

    Raises
    ------
    MissingDependencyError
        The reference models or the photos are missing.
    """
    required_data_root()
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        folder = Path(name)
        case = next((case for case in reference_cases(folder) if case.name == MODEL), None)
        if case is None:
            raise MissingDependencyError("the reference models are not installed", hint="run from a clone")
        progress(SEARCHED, 0.0)
        record = _searched(_spec(quick, folder), folder)
        rows, notes = _rows(case, record, quick, progress)
    bars = () if quick else (*_bars(rows), *_front_bars(rows))
    return Study("compression-quarter", COLUMNS, tuple(rows), bars, quick, notes=notes)


def _spec(quick: bool, folder: Path) -> Path:
    pack = reference_pack()
    spec = load_spec(pack)
    words = spec.model_dump(mode="json", by_alias=True)
    if quick:
        for name, limit in QUICK.items():
            words["data"][name]["limit"] = limit
        for step in (step for stage in words["search"]["stages"] for step in stage["recipe"]):
            step |= {"steps": 1} if "steps" in step else {}
            step |= {"iterations": 20} if step["method"] == "round" else {}
            if step.get("training"):
                step["training"] |= {"epochs": 1, "warm_up": 0.0}
    path = folder / SPEC
    write_spec(type(spec).model_validate_json(json.dumps(words)), path)
    return path


def reference_pack() -> Path:
    """The spec with the search, beside that of the model.

    Raises
    ------
    MissingDependencyError
        The reference models are not installed.
    """
    found = importlib.util.find_spec("fieldpack_reference_models")
    places = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    path = next((path for place in places if (path := place / MODEL / SPEC).is_file()), None)
    if path is None:
        raise MissingDependencyError("the reference models are not installed", hint="run from a clone")
    return path


def _searched(spec: Path, folder: Path) -> dict[str, Any]:
    kept = os.environ.get(FOLDER)
    store = Path(kept) / "compression-quarter-trials" if kept else folder / "trials"
    words = (
        *FIELDPACK,
        "search",
        str(spec),
        "--out",
        str(folder / "bundle"),
        "--store",
        str(store),
        "--json",
    )
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        raise FieldpackError("the search ended with an error", came=done.stderr[-2000:])
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def _rows(
    case: Case, record: dict[str, Any], quick: bool, progress: Progress
) -> tuple[list[dict[str, Cell]], tuple[str, ...]]:
    beside = study_of([case], quick, progress)
    source = next(row["source_accuracy"] for row in beside.rows)
    if not isinstance(source, float):
        raise FieldpackError("the photos have no labels", came=str(source))
    rows: list[dict[str, Cell]] = [_trial(trial, source) for trial in record["trials"]]
    for row in beside.rows:
        accuracy = row["accuracy"]
        lost = source - accuracy if isinstance(accuracy, float) else None
        names = ("tool", "evidence", "size_bytes", "download_bytes", "accuracy")
        rows.append({**{name: row[name] for name in names}, "lost": lost})
    reasons = [
        f"{SEARCHED}, {trial['stage']}: {trial['reason']}" for trial in record["trials"] if trial["reason"]
    ]
    return rows, (*beside.notes, *reasons)


def _trial(trial: dict[str, Any], source: float) -> dict[str, Cell]:
    drops = [item["figure"]["value"] for item in trial["verdicts"] if item["name"] == "top1_drop"]
    lost = float(drops[0]) if drops and drops[0] is not None else None
    return {
        "tool": f"{SEARCHED}, {trial['stage']}",
        "evidence": Evidence.HOST.value,
        "size_bytes": trial["installed_bytes"],
        "download_bytes": trial["download_bytes"],
        "accuracy": None if lost is None else source - lost,
        "lost": lost,
    }


def _bars(rows: Sequence[dict[str, Cell]]) -> list[Bar]:
    """The smallest trial against a quarter of the int8 file, installed and downloaded, and what it loses."""
    trials = [row for row in rows if _is_trial(row) and isinstance(row["size_bytes"], int)]
    whole = next((row for row in trials if row["tool"] == f"{SEARCHED}, {REFERENCE}"), None)
    least = min(trials, key=lambda row: _number(row["size_bytes"]), default=None)
    if whole is None or least is None:
        missing = "no trial finished"
        return [Bar("share of the int8 file", None, SHARE, AT_MOST, Evidence.HOST, missing)]
    shares = {name: _number(least[name]) / _number(whole[name]) for name in ("size_bytes", "download_bytes")}
    lost = least["lost"]
    return [
        Bar("share of the int8 file, installed", shares["size_bytes"], SHARE, AT_MOST, Evidence.HOST),
        Bar("share of the int8 file, downloaded", shares["download_bytes"], SHARE, AT_MOST, Evidence.HOST),
        Bar("accuracy lost", lost if isinstance(lost, float) else None, LOSS, AT_MOST, Evidence.HOST),
    ]


def _front_bars(rows: Sequence[dict[str, Cell]]) -> list[Bar]:
    """For each file of another tool, the best accuracy of ours at no more bytes, less theirs."""
    own = [row for row in rows if _is_trial(row) or row["tool"] in OURS.values()]
    bars = []
    for other in rows:
        bytes_, accuracy = other["download_bytes"], other["accuracy"]
        if other in own or not isinstance(bytes_, int) or not isinstance(accuracy, float):
            continue
        within = [
            row for row in own if isinstance(row["download_bytes"], int) and row["download_bytes"] <= bytes_
        ]
        best = max((_number(row["accuracy"]) for row in within if row["accuracy"] is not None), default=None)
        name = f"accuracy at no more bytes than {other['tool']}, less its own"
        lead = None if best is None else best - accuracy
        bars.append(Bar(name, lead, 0.0, AT_LEAST, Evidence.HOST, f"{bytes_:,} bytes, {accuracy:.2%}"))
    return bars


def _is_trial(row: dict[str, Cell]) -> bool:
    return str(row["tool"]).startswith(f"{SEARCHED}, ")


def _number(cell: Cell) -> float:
    if not isinstance(cell, int | float):
        raise FieldpackError("a cell without a number", came=str(cell))
    return float(cell)
