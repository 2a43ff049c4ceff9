"""``fieldpack study coreml-families``: the eleven families as Core ML packages, run off Apple.

Every family is converted by coremltools, saved, opened from disk by our reader and run in both
engines; the figures are differences to torch and ratios of times taken in turn in one process.
A speed bar is read per family, with the geometric mean beside it: least time over least time, one
thread. A program with a loop in it (what coremltools makes of a GRU) counts like any other.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import geometric_mean
from typing import Any

from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack.worker import run
from fieldpack_benchmarks.data_root import VARIABLE, data_root
from fieldpack_benchmarks.networks.families import FAMILIES
from fieldpack_benchmarks.rounds.coreml_loading import OURS, READY, THEIRS
from fieldpack_benchmarks.rounds.coreml_speed import FAST, INTERPRETER, ONNXRUNTIME, TORCH
from fieldpack_benchmarks.study import Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.timing import ratio, stability

Progress = Callable[[str, float], None]
DIFFERENCE = 1e-4
INTERPRETER_RATIO, FAST_RATIO, LOADING_RATIO = 1.5, 1.1, 1.0
PSNR_DB = 60.0
COMPRESSED = ("resnet18", "convnext")
LOOPING = ("gru_lstm",)
"""Families whose program has a loop, which the fast engine leaves to the interpreter."""
QUICK = ("place_mlp",)
ROUNDS, LOADING_ROUNDS, QUICK_ROUNDS, WARM_UPS = 40, 12, 5, 5
EDSR = "models/misc/mlcommons_mobile/edsr_f32b5_fp32"
PHOTO = "models/vision/coral/parrot.jpg"
NO_DATA = f"not_run: export {VARIABLE}=FOLDER, the folder with {EDSR}.mlmodel"
LEFT_OUT = "not_run: left out of the quick study"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
COLUMNS = (
    Column("family", "text", "reference", "name in networks/families.py"),
    Column("package", "text", "reference", "precision of the package"),
    Column("arithmetic", "text", "reference", "precision in which it was run"),
    Column("operators", "count", "reference", "operations of the program, constants left out"),
    Column("spread", "value", "host", "standard deviation of torch's first output"),
    Column("interpreter", "value", "reference", "interpreter against torch, largest absolute difference"),
    Column("fast", "value", "reference", "fast engine against torch, the same"),
    Column("engines", "value", "reference", "fast engine against interpreter, the same"),
    Column("interpreter_ratio", "ratio", "host", "interpreter over torch eager, least over least time"),
    Column("fast_ratio", "ratio", "host", "fast engine over onnxruntime on torch's export, the same"),
    Column("note", "text", "reference", "why a cell is empty"),
)


def study(quick: bool, progress: Progress) -> Study:
    """All families, or with `quick` one of them with few rounds.

    Raises
    ------
    MissingDependencyError
        coremltools, torch or onnxruntime is not installed.
    WorkerError
        A worker process crashed.
    """
    families, compressed = (QUICK, QUICK) if quick else (tuple(FAMILIES), COMPRESSED)
    rounds, openings = (QUICK_ROUNDS, QUICK_ROUNDS) if quick else (ROUNDS, LOADING_ROUNDS)
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        given: dict[str, Any] = {"folder": folder, "families": families}
        written = run(
            "fieldpack_benchmarks.rounds.packages:write",
            given | {"compressed": compressed, "rounds": openings, "warm_ups": WARM_UPS},
            progress=progress,
            environment=ONE_THREAD,
        )
        found = run(
            "fieldpack_benchmarks.rounds.coreml_engines:run",
            given | {"rounds": rounds, "warm_ups": WARM_UPS},
            progress=progress,
            environment=ONE_THREAD,
        )
    return study_of(written, found, None if quick else _super_resolution(progress), quick)


def study_of(
    written: Mapping[str, Any], found: Mapping[str, Any], pictures: Mapping[str, float] | None, quick: bool
) -> Study:
    """The record over what the workers found; `pictures` is None where EDSR was not run."""
    speeds = {name: _timings(name, found[name]["speed"]["timings"]) for name in found}
    loadings = {
        (name, kind): _timings(f"{name} {kind}", timings)
        for name in written
        for kind, timings in written[name].get("loading", {}).items()
    }
    rows = tuple(row for name in found for row in _rows(name, written[name], found[name], speeds[name]))
    return Study(
        name="coreml-families",
        columns=COLUMNS,
        rows=rows,
        bars=(
            *_agreement_bars(rows),
            *_speed_bars(speeds, found),
            *_loading_bars(loadings),
            _picture_bar(pictures, quick),
        ),
        timings=tuple(t for taken in (*speeds.values(), *loadings.values()) for t in taken.values()),
        notes=tuple(_notes(loadings)),
        quick=quick,
    )


def _timings(prefix: str, documents: Iterable[Mapping[str, Any]]) -> dict[str, Timing]:
    return {
        item["name"]: Timing(
            f"{prefix}: {item['name']}", item["unit"], tuple(item["warm_ups"]), tuple(item["values"])
        )
        for item in documents
    }


def _rows(
    name: str, written: Mapping[str, Any], found: Mapping[str, Any], speed: Mapping[str, Timing]
) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = []
    for item in found["rows"]:
        refused = written["packages"][item["package"]].get("error")
        row: dict[str, Cell] = {
            "family": name,
            "package": item["package"],
            "arithmetic": item["arithmetic"],
            "operators": item.get("operators"),
            "spread": written["spread"],
            "interpreter": item.get("reference_difference"),
            "fast": item.get("fast_difference"),
            "engines": item.get("engines_difference"),
            "note": f"coremltools: {refused}" if refused else item.get("note", ""),
        }
        if item["package"] == "float32":
            row["interpreter_ratio"] = least_ratio(speed, INTERPRETER, TORCH)
            row["fast_ratio"] = least_ratio(speed, FAST, ONNXRUNTIME)
        rows.append(row)
    return rows


def least_ratio(timings: Mapping[str, Timing], ours: str, theirs: str) -> float | None:
    """Least time over least time; None where one is absent."""
    if ours not in timings or theirs not in timings:
        return None
    return min(timings[ours].values) / min(timings[theirs].values)


def _agreement_bars(rows: Sequence[Mapping[str, Cell]]) -> tuple[Bar, ...]:
    exact = [row for row in rows if row["package"] == "float32"]
    static = [row for row in exact if row["family"] not in LOOPING]
    return (
        _worst("interpreter", exact, "float32 packages in the interpreter against torch"),
        _worst("fast", static, "float32 packages in the fast engine against torch, static programs"),
    )


def _worst(column: str, rows: Sequence[Mapping[str, Cell]], what: str) -> Bar:
    """The largest difference; a family that did not run is an infinite one."""
    values = [math.inf if row[column] is None else float(row[column]) for row in rows]  # type: ignore[arg-type]
    worst = rows[values.index(max(values))]["family"]
    note = f"worst of {len(rows)}: {worst}"
    return Bar(f"{what}, largest difference", max(values), DIFFERENCE, AT_MOST, Evidence.REFERENCE, note)


def _speed_bars(speeds: Mapping[str, Mapping[str, Timing]], found: Mapping[str, Any]) -> list[Bar]:
    bars = []
    for ours, theirs, limit in ((INTERPRETER, TORCH, INTERPRETER_RATIO), (FAST, ONNXRUNTIME, FAST_RATIO)):
        names = [name for name in speeds if ours == INTERPRETER or name not in LOOPING]
        single = [_ratio_bar(name, speeds[name], found[name], ours, theirs, limit) for name in names]
        values = [bar.value for bar in single if bar.value is not None]
        mean = geometric_mean(values) if len(values) == len(names) else None
        what = f"geometric mean of {len(names)}: {ours} over {theirs}"
        bars += [*single, Bar(what, mean, limit, AT_MOST, Evidence.HOST)]
    return bars


def _ratio_bar(
    name: str, timings: Mapping[str, Timing], found: Mapping[str, Any], ours: str, theirs: str, limit: float
) -> Bar:
    what = f"{name}: {ours} over {theirs}"
    value = least_ratio(timings, ours, theirs)
    if value is None:
        absent = found["speed"]["absent"]
        reasons = "; ".join(absent[way] for way in (ours, theirs) if way in absent)
        return Bar(what, None, limit, AT_MOST, Evidence.HOST, reasons)
    return Bar(what, value, limit, AT_MOST, Evidence.HOST, _bounds(timings[ours], timings[theirs]))


def _bounds(ours: Timing, theirs: Timing) -> str:
    """What the medians say, for a reader who does not believe in least times."""
    found = ratio(ours, theirs)
    note = f"medians {found.estimate:.3f}, 95 % bounds {found.low:.3f} .. {found.high:.3f}"
    unstable = stability(ours, theirs)
    return f"{note}; {unstable}" if unstable else note


def _loading_bars(loadings: Mapping[tuple[str, str], Mapping[str, Timing]]) -> list[Bar]:
    return [
        Bar(
            f"{name}, {kind} weights: {OURS} over {THEIRS}",
            least_ratio(timings, OURS, THEIRS),
            LOADING_RATIO,
            AT_MOST,
            Evidence.HOST,
            _bounds(timings[OURS], timings[THEIRS]),
        )
        for (name, kind), timings in loadings.items()
    ]


def _super_resolution(progress: Progress) -> dict[str, Any] | None:
    """EDSR in both formats on a photo; None where the files are not there."""
    root = data_root()
    places = {"mlmodel": f"{EDSR}.mlmodel", "tflite": f"{EDSR}.tflite", "photo": PHOTO}
    if not all((root / place).is_file() for place in places.values()):
        return None
    progress("EDSR in both formats", 0.95)
    given = {name: str(root / place) for name, place in places.items()}
    return run("fieldpack_benchmarks.rounds.super_resolution:compare", given)


def _picture_bar(pictures: Mapping[str, float] | None, quick: bool) -> Bar:
    what = "EDSR as .mlmodel against .tflite on a photo, PSNR, dB"
    if pictures is None:
        return Bar(what, None, PSNR_DB, AT_LEAST, Evidence.REFERENCE, LEFT_OUT if quick else NO_DATA)
    note = f"largest difference {pictures['largest']:.3g} of 255, spread {pictures['spread']:.3g}"
    return Bar(what, pictures["psnr_db"], PSNR_DB, AT_LEAST, Evidence.REFERENCE, note)


def _notes(loadings: Mapping[tuple[str, str], Mapping[str, Timing]]) -> Iterable[str]:
    yield "Core ML figures are of our reference runtime: no Apple software took part"
    for (name, kind), timings in loadings.items():
        best = {way: min(timings[way].values) for way in (OURS, READY, THEIRS)}
        yield f"{name}, {kind}: " + ", ".join(f"{way} {best[way]:.1f} ms" for way in best)
