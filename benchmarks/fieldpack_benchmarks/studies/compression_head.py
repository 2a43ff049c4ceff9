"""``fieldpack study compression-head``: a head of 80,000 classes in 25 MB, ten times faster.

Factored with the covariance of its features and rounded by GPTQ, beside plain SVD, nearest rounding and
ai-edge-quantizer alone; ``rounds/large_head.py`` says what the head is made of. Every file runs in LiteRT
on one thread, timed in turn in one run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from fieldpack.errors import from_dict
from fieldpack.tflite.runner import TfliteRunner
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.processes import PYTHON, run_process
from fieldpack_benchmarks.rounds.large_head import CLASSES, Head, answers, head_of, pictures_of
from fieldpack_benchmarks.study import Bar, Column, Study, Timing
from fieldpack_benchmarks.table import Cell
from fieldpack_benchmarks.timing import interleaved, ratio, stability

Progress = Callable[[str, float], None]
SIZE_BYTES, AGREEMENT, SPEED, PEAK_BYTES = 25_000_000, 0.98, 10.0, 8 * 2**30
RANK = 256
SPREADS = (1.0, 0.4)
"""The first is the bar's: classes lie as far apart as real features do. The second is a harder world."""
FLOAT, BEST = "float32", "covariance rank 256, GPTQ int8"
QUICK_CLASSES = 4000
COLUMNS = (
    Column("spread", "ratio", "host", "of the class means, 1 is the covariance of real features"),
    Column("head", "text", "host", "how it was made"),
    Column("size_bytes", "bytes", "host", "size of the TFLite file"),
    Column("agreement", "fraction", "host", "share of held-out features with the float head's top-1"),
    Column("accuracy", "fraction", "host", "share with the class that the features were made from"),
    Column("best_ms", "ms", "host", "least time of one answer, one thread"),
    Column("build_peak", "bytes", "host", "largest resident memory of any process that made it"),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to a small head: passes, then a method of the TFLite file."""

    name: str
    recipe: tuple[dict[str, Any], ...]
    method: str | None


def variants() -> tuple[Variant, ...]:
    """The float head, ours, and the alternatives."""
    covariance = {"method": "low_rank", "layers": ".*", "rank": RANK, "weighting": "covariance"}
    plain = {**covariance, "weighting": "plain"}
    eight, four = ({"method": "round_head", "layers": ".*", "bits": bits} for bits in (8, 4))
    return (
        Variant(FLOAT, (), None),
        Variant(BEST, (covariance, eight), "dynamic_int8"),
        Variant("covariance rank 256, GPTQ int4", (covariance, four), "dynamic_int4"),
        Variant("covariance rank 256, nearest int8", (covariance,), "dynamic_int8"),
        Variant("covariance rank 256, nearest int4", (covariance,), "dynamic_int4"),
        Variant("plain SVD rank 256, nearest int8", (plain,), "dynamic_int8"),
        Variant("ai-edge-quantizer dynamic int8, whole head", (), "dynamic_int8"),
    )


def study(quick: bool, progress: Progress) -> Study:
    """Make and judge the heads; with `quick` 4,000 classes and no bars of the whole size.

    Raises
    ------
    MissingDependencyError
        The data folder is missing.
    """
    root = required_data_root()
    progress("features of real pictures", 0.0)
    pictures = pictures_of(root)
    rows: list[dict[str, Cell]] = []
    bars: list[Bar] = []
    timings: dict[str, Timing] = {}
    for spread in SPREADS[:1] if quick else SPREADS:
        head = head_of(pictures, QUICK_CLASSES if quick else CLASSES, spread)
        with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
            found, timed = _judged(head, Path(name), progress)
        rows += [{"spread": spread, **row} for row in found]
        if spread == SPREADS[0]:
            bars, timings = _bars(found, timed, quick), timed
    notes = (f"{len(pictures.features)} pictures; class means and calibration from train, judged on val",)
    return Study("compression-head", COLUMNS, tuple(rows), tuple(bars), quick, tuple(timings.values()), notes)


def _judged(head: Head, folder: Path, progress: Progress) -> tuple[list[dict[str, Cell]], dict[str, Timing]]:
    files, peaks = _built(head, folder, progress)
    progress("run", 0.8)
    found = {name: answers(path, head.held_out) for name, path in files.items()}
    timed = _timed(files, head.held_out[:1])
    rows: list[dict[str, Cell]] = [
        {
            "head": name,
            "size_bytes": path.stat().st_size,
            "agreement": float(np.mean(found[name] == found[FLOAT])),
            "accuracy": float(np.mean(found[name] == head.wanted)),
            "best_ms": min(timed[name].values),
            "build_peak": peaks[name],
        }
        for name, path in files.items()
    ]
    return rows, timed


def _timed(files: Mapping[str, Path], features: Any) -> dict[str, Timing]:
    runners = {name: TfliteRunner(path, threads=1) for name, path in files.items()}
    actions = {
        name: partial(runner.run, {runner.inputs[0].name: features}) for name, runner in runners.items()
    }
    return interleaved(actions, rounds=30, warm_ups=5)


def _built(head: Head, folder: Path, progress: Progress) -> tuple[dict[str, Path], dict[str, int]]:
    """File and peak memory of each variant."""
    for name, values in (("w", head.weights), ("b", head.bias), ("x", head.calibration)):
        np.save(folder / f"{name}.npy", values)
    source = {"kind": "keras", "path": str(folder / "head.keras")}
    words = {"weights": str(folder / "w.npy"), "bias": str(folder / "b.npy"), "path": source["path"]}
    _, first = _job(folder, "fieldpack_benchmarks.rounds.large_head:write_keras", words)
    files: dict[str, Path] = {}
    peaks: dict[str, int] = {}
    floats: dict[str, tuple[Path, int]] = {}
    for number, variant in enumerate(variants()):
        progress(variant.name, number / len(variants()))
        key = json.dumps(variant.recipe)
        if key not in floats:
            floats[key] = _float_file(folder, source, variant, len(floats))
        path, peak = floats[key]
        if variant.method is not None:
            target = folder / f"variant{number}.tflite"
            arguments = {"model": str(path), "path": str(target), "method": variant.method}
            _, quantising = _job(folder, "fieldpack_converters.quantize_tflite:quantize", arguments)
            path, peak = target, max(peak, quantising)
        files[variant.name], peaks[variant.name] = path, max(peak, first)
    return files, peaks


def _float_file(folder: Path, source: dict[str, Any], variant: Variant, number: int) -> tuple[Path, int]:
    """The float TFLite file after a variant's passes, and the peak memory of making it."""
    peak = 0
    if variant.recipe:
        arguments = {
            "source": source,
            "recipe": list(variant.recipe),
            "folder": str(folder / f"passes{number}"),
            "activation": "linear",
            "seed": 0,
            "calibration": {"inputs": {"0": str(folder / "x.npy")}, "labels": None},
        }
        answer, peak = _job(folder, "fieldpack_converters.passes.runner:apply", arguments)
        source = answer["source"]
    path = folder / f"float{number}.tflite"
    _, exporting = _job(
        folder, "fieldpack_converters.to_tflite:export", {"source": source, "path": str(path)}
    )
    return path, max(peak, exporting)


def _job(folder: Path, target: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """A worker target in a process whose memory is watched: its answer and its peak in bytes."""
    job, result = folder / "job.json", folder / "result.json"
    result.unlink(missing_ok=True)
    job.write_text(json.dumps({"target": target, "arguments": arguments}))
    ended = run_process((*PYTHON, "-m", "fieldpack.worker", str(job), str(result)), watch_memory=True)
    answer = json.loads(result.read_text())
    if "error" in answer:
        raise from_dict(answer["error"])
    return answer["value"], ended.peak_bytes or 0


def _bars(rows: list[dict[str, Cell]], timed: dict[str, Timing], quick: bool) -> list[Bar]:
    best = next(row for row in rows if row["head"] == BEST)
    faster = ratio(timed[FLOAT], timed[BEST])
    note = stability(timed[FLOAT], timed[BEST])
    host, smaller = Evidence.HOST, f"only with {CLASSES:,} classes"
    bound = f"one-sided 95 % bound of {faster.estimate:.3g}, medians {median(timed[FLOAT].values):.3g} and "
    bound += f"{median(timed[BEST].values):.3g} ms{'; ' + note if note else ''}"
    size = None if quick else _number(best["size_bytes"])
    speed = None if quick else faster.low
    return [
        Bar("size of the head, bytes", size, SIZE_BYTES, AT_MOST, host, smaller if quick else ""),
        Bar("agreement with the float head", _number(best["agreement"]), AGREEMENT, AT_LEAST, host),
        Bar("times faster than the float head", speed, SPEED, AT_LEAST, host, smaller if quick else bound),
        Bar("peak memory of the build, bytes", _number(best["build_peak"]), PEAK_BYTES, AT_MOST, host),
    ]


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None
