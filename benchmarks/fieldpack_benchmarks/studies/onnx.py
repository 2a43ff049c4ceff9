"""``fieldpack study onnx``: the eleven families out of PyTorch as ONNX, and back into both formats.

Both exporters of PyTorch write every family; our importer makes a torch module of each file, and
from it come a float32 TFLite file, run by LiteRT, and a float32 Core ML package, run by our
reference engine. Everything is compared with the original network. The node tests of the package
onnx stand beside it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldpack.errors import WorkerError
from fieldpack.verdict import AT_LEAST, Evidence
from fieldpack.worker import run
from fieldpack_benchmarks.networks.families import FAMILIES
from fieldpack_benchmarks.rounds.onnx_files import EXPORTERS, OPSETS
from fieldpack_benchmarks.rounds.packages import SEEDS
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
DIFFERENCE = 1e-4
NODE_SHARE, OPERATORS = 0.98, 90
ROADS = {"import": Evidence.HOST, "tflite": Evidence.HOST, "coreml": Evidence.REFERENCE}
"""Where a file goes, and what the figure is worth."""
NAMES = {"import": "imported into torch", "tflite": "as float32 TFLite", "coreml": "as float32 Core ML"}
QUICK_FAMILIES, QUICK_EXPORTERS, QUICK_ROADS = ("place_mlp",), ("trace",), ("import",)
NODE_TESTS = "fieldpack_converters.onnx_import.conformance:run"
LEFT_OUT = "not_run: left out of the quick study"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
COLUMNS = (
    Column("family", "text", "host", "name in networks/families.py"),
    Column("exporter", "text", "host", "trace: torch.onnx.export(dynamo=False); export: dynamo=True"),
    Column("opset", "count", "host", "version that the exporter was asked for"),
    Column(
        "road", "text", "host", "import: run by torch; tflite: by LiteRT; coreml: by our reference engine"
    ),
    Column("difference", "value", BY_ROW, "largest absolute difference to the original network"),
    Column("evidence", "text", "host", "of the difference"),
    Column("note", "text", "host", "why there is no difference"),
)


def study(quick: bool, progress: Progress) -> Study:
    """All families by both exporters on all roads; with `quick` one family, one exporter, the import.

    Raises
    ------
    MissingDependencyError
        onnx, onnxruntime, onnxscript, torch, litert-torch or coremltools is not installed.
    """
    families = QUICK_FAMILIES if quick else tuple(FAMILIES)
    exporters = QUICK_EXPORTERS if quick else tuple(EXPORTERS)
    rows: list[dict[str, Cell]] = []
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        given = {"folder": folder, "families": families, "exporters": exporters}
        written = run(
            "fieldpack_benchmarks.rounds.onnx_files:write", given, progress=progress, environment=ONE_THREAD
        )
        for road in QUICK_ROADS if quick else tuple(ROADS):
            for exporter in exporters:
                rows += _rows(road, exporter, Path(folder), written, progress)
    tests = None if quick else run(NODE_TESTS, {}, progress=progress)
    return study_of(rows, tests, quick)


def study_of(rows: Sequence[Mapping[str, Cell]], tests: Mapping[str, Any] | None, quick: bool) -> Study:
    """The record over the rows and the counts of the node tests; None where they did not run."""
    return Study(
        name="onnx",
        columns=COLUMNS,
        rows=tuple(rows),
        bars=(*(_road_bar(road, rows) for road in ROADS), *_node_bars(tests)),
        notes=() if tests is None else _node_notes(tests),
        quick=quick,
    )


def _rows(
    road: str, exporter: str, folder: Path, written: Mapping[str, Any], progress: Progress
) -> list[dict[str, Cell]]:
    """One road for all families of one exporter; a refusal at any step is the row's note."""
    facts: dict[str, dict[str, Any]] = {name: dict(made[exporter]) for name, made in written.items()}
    files = [_file(name, exporter, road, folder) for name in facts if "error" not in facts[name]]
    facts |= _travelled(road, files, progress)
    rows = []
    for name, fact in facts.items():
        row: dict[str, Cell] = {"family": name, "exporter": exporter, "opset": OPSETS[exporter], "road": road}
        rows.append(
            row
            | {
                "difference": fact.get("difference"),
                "evidence": ROADS[road].value,
                "note": fact.get("error", ""),
            }
        )
    return rows


def _travelled(road: str, files: Sequence[dict[str, Any]], progress: Progress) -> dict[str, dict[str, Any]]:
    """What the road made of the files, compared with torch: ``difference`` or ``error`` by name."""
    try:
        made = run(
            "fieldpack_converters.onnx_round_trip:run",
            {"files": files, "road": road},
            progress=progress,
            environment=ONE_THREAD,
        )
        compared = run(
            "fieldpack_benchmarks.rounds.onnx_results:compare",
            {"road": road, "files": files, "facts": made},
            environment=ONE_THREAD,
        )
    except WorkerError as error:
        return {file["name"]: {"error": f"{error.what}: {error.came}"} for file in files}
    return {name: compared.get(name, fact) for name, fact in made.items()}


def _file(name: str, exporter: str, road: str, folder: Path) -> dict[str, Any]:
    family, place = FAMILIES[name], folder / name
    count = len(family.shapes)
    return {
        "name": name,
        "family": name,
        "path": str(place / f"{exporter}.onnx"),
        "input_shapes": [list(shape) for shape in family.shapes],
        "folder": str(place / f"{road}-{exporter}"),
        "runs": str(place),
        "inputs": [
            [str(place / "inputs" / f"{run}_{number}.npy") for number in range(count)]
            for run in range(len(SEEDS))
        ],
        "minimum_ios": family.minimum_ios,
    }


def _road_bar(road: str, rows: Sequence[Mapping[str, Cell]]) -> Bar:
    """How many of the files came out within the limit."""
    mine = [row for row in rows if row["road"] == road]
    what = f"files {NAMES[road]}, within {DIFFERENCE:g} of the network"
    if not mine:
        return Bar(what, None, len(FAMILIES) * len(EXPORTERS), AT_LEAST, ROADS[road], LEFT_OUT)
    missed = [f"{row['family']} ({row['exporter']})" for row in mine if not _within(row["difference"])]
    note = f"missed: {', '.join(missed)}" if missed else ""
    return Bar(what, len(mine) - len(missed), len(mine), AT_LEAST, ROADS[road], note)


def _within(difference: Cell) -> bool:
    return isinstance(difference, int | float) and difference <= DIFFERENCE


def _node_notes(tests: Mapping[str, Any]) -> tuple[str, ...]:
    counts = f"{tests['ran']} of {tests['tests']} ran, {tests['passed']} passed"
    return (
        f"node tests of onnx: {counts}; {tests['out_of_scope']} use an operator that the importer lacks",
        *(f"node test {name}: {reason}" for name, reason in sorted(tests["failures"].items())),
    )


def _node_bars(tests: Mapping[str, Any] | None) -> tuple[Bar, Bar]:
    passed, ran = "node tests of onnx, passed of all that ran", "operators that a passed node test ran"
    if tests is None:
        return (
            Bar(passed, None, NODE_SHARE, AT_LEAST, Evidence.HOST, LEFT_OUT),
            Bar(ran, None, OPERATORS, AT_LEAST, Evidence.HOST, LEFT_OUT),
        )
    share = tests["passed"] / tests["ran"] if tests["ran"] else math.nan
    note = f"{tests['failed']} failed, {len(tests['unexpected'])} of them not listed"
    return (
        Bar(passed, share, NODE_SHARE, AT_LEAST, Evidence.HOST, note),
        Bar(ran, len(tests["operators"]), OPERATORS, AT_LEAST, Evidence.HOST),
    )
