"""A head of 100,000 taxa on 256 features, packed: rounded by GPTQ, converted, and stored in 8 or 4 bits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import from_dict
from fieldpack_benchmarks.processes import PYTHON, run_process
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
FEATURES, EXAMPLES = 256, 4096


def packed_head(folder: Path, taxa: int, progress: Progress) -> list[dict[str, Cell]]:
    """One row for each number of bits: size, seconds of all steps, and the largest process."""
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((taxa, FEATURES), np.float32) * np.float32(0.1)
    features = np.maximum(generator.standard_normal((EXAMPLES, FEATURES), np.float32) + 0.5, 0)
    for name, values in (("w", weights), ("b", np.zeros(taxa, np.float32)), ("x", features)):
        np.save(folder / f"head-{name}.npy", values)
    source = {"kind": "keras", "path": str(folder / "head.keras")}
    words = {name: str(folder / f"head-{name[0]}.npy") for name in ("weights", "bias")}
    _job(folder, "fieldpack_benchmarks.rounds.large_head:write_keras", {**words, "path": source["path"]})
    rows: list[dict[str, Cell]] = []
    for bits in (8, 4):
        progress(f"head of {taxa:,} taxa, int{bits}", 0.95)
        started = time.perf_counter()
        path, peak = _packed(folder, source, bits)
        row: dict[str, Cell] = {"part": "head", "name": f"{taxa:,} taxa, GPTQ int{bits}", "evidence": "host"}
        row |= {"size_bytes": path.stat().st_size, "seconds": time.perf_counter() - started}
        rows.append({**row, "peak_bytes": peak})
    return rows


def _packed(folder: Path, source: dict[str, Any], bits: int) -> tuple[Path, int]:
    """The quantised file, and the peak memory of the passes, the export and the quantiser."""
    recipe = [{"method": "round_head", "layers": ".*", "bits": bits}]
    calibration = {"inputs": {"0": str(folder / "head-x.npy")}, "labels": None}
    common = {"folder": str(folder / f"head-passes{bits}"), "activation": "linear", "seed": 0}
    answer, first = _job(
        folder,
        "fieldpack_converters.passes.runner:apply",
        {"source": source, "recipe": recipe, **common, "calibration": calibration},
    )
    float32, small = folder / f"head{bits}-float.tflite", folder / f"head{bits}.tflite"
    export = {"source": answer["source"], "path": str(float32)}
    _, second = _job(folder, "fieldpack_converters.to_tflite:export", export)
    quantising = {"model": str(float32), "path": str(small), "method": f"weight_int{bits}"}
    _, third = _job(folder, "fieldpack_converters.quantize_tflite:quantize", quantising)
    return small, max(first, second, third)


def _job(folder: Path, target: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """A worker target in a process whose memory is watched: its answer and its peak in bytes."""
    job, result = folder / "job.json", folder / "result.json"
    result.unlink(missing_ok=True)
    job.write_text(json.dumps({"target": target, "arguments": arguments}))
    ended = run_process((*PYTHON, "-m", "fieldpack.worker", str(job), str(result)), watch_memory=True)
    answer = json.loads(result.read_text())
    if "error" in answer:
        raise from_dict(answer["error"])
    value: dict[str, Any] = answer["value"]
    return value, ended.peak_bytes or 0
