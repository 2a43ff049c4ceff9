"""Run one flavour over many examples in a worker process.

A target of :mod:`fieldpack.worker`: torch and LiteRT stay out of the caller, and a
crash of an engine is a :class:`~fieldpack.errors.WorkerError` with its log.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.runtime.flavour import FlavourRunner, open_flavour

CHUNK = 32


def evaluate(
    kind: str,
    path: str,
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    prepared: dict[str, str],
    folder: str,
    precision: str,
    threads: int = 1,
    report: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Run a flavour and store its outputs.

    Parameters
    ----------
    kind, path, inputs, outputs, precision, threads
        As for :func:`fieldpack.runtime.flavour.open_flavour`, borders as plain dicts.
    prepared : dict
        Input name -> ``.npy`` of prepared examples [N, ...].
    folder : str
        Where ``<output>.npy`` files are written, float32 [N, ...].

    Returns
    -------
    dict
        ``outputs``: output name -> ``.npy`` path.
    """
    import numpy as np

    runner = open_flavour(
        FlavourKind(kind),
        Path(path),
        tuple(Border.model_validate(item) for item in inputs),
        tuple(Border.model_validate(item) for item in outputs),
        precision=precision,
        threads=threads,
    )
    arrays = {name: np.load(item, mmap_mode="r", allow_pickle=False) for name, item in prepared.items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    written = {}
    for name, array in _run(runner, arrays, report).items():
        target = Path(folder) / f"{name}.npy"
        np.save(target, array)
        written[name] = str(target)
    return {"outputs": written}


def _run(
    runner: FlavourRunner, arrays: dict[str, Any], report: Callable[[str, float], None] | None
) -> dict[str, Any]:
    import numpy as np

    count = len(next(iter(arrays.values())))
    parts: dict[str, list[Any]] = {border.name: [] for border in runner.outputs}
    for start in range(0, count, CHUNK):
        chunk = {name: array[start : start + CHUNK] for name, array in arrays.items()}
        for name, result in runner.run(chunk).items():
            parts[name].append(result)
        if report is not None:
            report("run", min(1.0, (start + CHUNK) / count))
    return {name: np.concatenate(items) for name, items in parts.items()}
