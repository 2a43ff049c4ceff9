"""One round: load a TFLite file in a fresh process, run it many times, and say what it took.

A target of :mod:`fieldpack.worker`. Memory is what the resident set of the process grows by at most, from
before the file is opened until it ran three times: weights as far as they were touched, tensors, and what
the kernels packed. LiteRT's own code and the inputs were there before and do not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from fieldpack.bundle.manifest import Border
from fieldpack.errors import ModelFileError
from fieldpack.runtime.border import feed
from fieldpack.tflite.file import open_model
from fieldpack.tflite.interpreter import load_interpreter
from fieldpack.tflite.runner import tensor_specs

WARM_UPS = 3
FEWEST_RUNS, MOST_RUNS, SECONDS = 10, 50, 1.0


def one_round(path: str, inputs: list[dict[str, Any]], prepared: dict[str, str]) -> dict[str, Any]:
    """Load, run and time one file on one thread.

    Parameters
    ----------
    path : str
        The ``.tflite`` file.
    inputs : list of dict
        Its borders, as plain data.
    prepared : dict
        Input name -> ``.npy`` of prepared examples [N, ...]; the first is run.

    Returns
    -------
    dict
        ``latency_ms``: median of ``runs_ms``; ``warm_ups_ms``; ``peak_memory_bytes``, None where the system
        does not tell; ``runtime``: version of LiteRT.

    Raises
    ------
    ModelFileError
        LiteRT refuses the file, or fails while it runs.
    """
    import numpy as np
    from ai_edge_litert import interpreter as _loaded  # noqa: F401  its code is no part of what is counted

    borders = {item.tensor: item for item in map(Border.model_validate, inputs)}
    model = open_model(Path(path))
    names = [spec.name for spec in tensor_specs(model.inputs, model.input_names)]
    rows = {name: np.load(file, mmap_mode="r", allow_pickle=False)[:1] for name, file in prepared.items()}
    arrays = [feed(borders[name], rows[borders[name].name]) for name in names]
    fed = list(zip(model.main.inputs, arrays, strict=True))
    before = _resident()
    interpreter = load_interpreter(Path(path), threads=1, xnnpack=True)

    def run() -> None:
        for index, array in fed:
            interpreter.set_tensor(index, array)
        interpreter.invoke()

    try:
        warm_ups = [_timed(run) for _ in range(WARM_UPS)]
        grown = None if before is None else max(0, _status()["VmHWM"] - before)
        runs = _runs(run)
    except (ValueError, RuntimeError) as error:
        raise ModelFileError("LiteRT failed while it ran", came=error) from error
    return {
        "latency_ms": round(median(runs), 4),
        "peak_memory_bytes": grown,
        "warm_ups_ms": [round(value, 4) for value in warm_ups],
        "runs_ms": [round(value, 4) for value in runs],
        "runtime": f"ai-edge-litert {version('ai-edge-litert')}",
    }


def _runs(run: Callable[[], None]) -> list[float]:
    taken: list[float] = []
    while len(taken) < FEWEST_RUNS or (len(taken) < MOST_RUNS and sum(taken) < SECONDS * 1e3):
        taken.append(_timed(run))
    return taken


def _timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def _resident() -> int | None:
    """Resident bytes now, with the peak counted anew from here; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    return _status()["VmRSS"]


def _status() -> dict[str, int]:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if line.startswith(("VmRSS:", "VmHWM:")))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}
