"""Worker target: many cases of one model in one process, each noted before and after it ran."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.coreml.engine import EngineKind
from fieldpack.errors import ModelFileError
from fieldpack_benchmarks.fuzz.case import Limits, Outcome, judge
from fieldpack_benchmarks.fuzz.mutations import mutate
from fieldpack_benchmarks.fuzz.seeds import SEEDS
from fieldpack_benchmarks.fuzz.writer import Files
from fieldpack_benchmarks.rounds.packages import Report, silent

ENGINES = (EngineKind.REFERENCE, EngineKind.FAST)


def run(
    model: str,
    first: int,
    count: int,
    seed: int,
    seconds: float,
    memory_bytes: int,
    notes: str,
    budget_s: float,
    report: Report = silent,
) -> dict[str, Any]:
    """Judge the cases ``first .. first + count - 1`` of one model, in turn in each engine that covers it.

    Parameters
    ----------
    model : str
        A name of ``SEEDS``, or the path of a package or ``.mlmodel``.
    seconds, memory_bytes : number
        Limits of a case (see ``case.Limits``).
    notes : str
        File that gets one JSON line before and one after each case, so that a crash names its case.
    budget_s : float
        Wall seconds after which no further case begins.

    Returns
    -------
    dict
        ``next``: the first case that was not judged.

    Raises
    ------
    ModelFileError
        The undamaged model does not run.
    """
    import time

    import torch

    torch.set_num_threads(1)
    start = time.perf_counter()
    files = files_of(model)
    limits = Limits(seconds, memory_bytes)
    engines = _covering(files, limits)
    case = first
    with Path(notes).open("a", buffering=1) as lines:
        while case < first + count and time.perf_counter() - start < budget_s:
            lines.write(json.dumps({"case": case}) + "\n")
            lines.write(json.dumps(_judged(files, case, seed, limits, engines)) + "\n")
            case += 1
    return {"next": case}


def damaged(files: Files, case: int, seed: int) -> tuple[str, Files]:
    """The files of one case, the same at every call, and what was done to them."""
    whole = zlib.crc32(b"".join(files[name] for name in sorted(files)))
    return mutate(files, np.random.default_rng([seed, whole, case]))


def files_of(model: str) -> Files:
    """The files of a model by name or path."""
    if model in SEEDS:
        return SEEDS[model]()
    root = Path(model)
    if root.is_file():
        return {"": root.read_bytes()}
    found = {path: str(path.relative_to(root)) for path in sorted(root.rglob("*"))}
    files = {name: path.read_bytes() for path, name in found.items() if path.is_file()}
    return files | {
        f"{name}/": b"" for path, name in found.items() if path.is_dir() and not any(path.iterdir())
    }


def place(files: Files, folder: Path) -> Path:
    """Write the files of a model below `folder` and return the path that a user would name."""
    if set(files) == {""}:
        path = folder / "model.mlmodel"
        path.write_bytes(files[""])
        return path
    root = folder / "model.mlpackage"
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def _judged(files: Files, case: int, seed: int, limits: Limits, engines: list[EngineKind]) -> dict[str, Any]:
    mutation, changed = damaged(files, case, seed)
    with _placed(changed) as path:
        verdict = judge(path, limits, engines[case % len(engines)])
    return {
        "case": case,
        "mutation": mutation,
        "outcome": verdict.outcome.value,
        "seconds": round(verdict.seconds, 4),
        "memory_bytes": verdict.memory_bytes,
        "text": verdict.text,
    }


def _covering(files: Files, limits: Limits) -> list[EngineKind]:
    """The engines that run the whole model; imports and first allocations are thereby no case's fault."""
    covering = []
    for engine in ENGINES:
        with _placed(files) as path:
            verdict = judge(path, Limits(60.0, 8 * limits.memory_bytes), engine)
        if verdict.outcome is Outcome.RAN:
            covering.append(engine)
        elif engine is EngineKind.REFERENCE or not verdict.text.startswith("UnsupportedError"):
            raise ModelFileError("The undamaged model does not run", came=f"{engine.value}: {verdict.text}")
    return covering


class _placed:  # noqa: N801  reads as a verb where it is used
    """The path of a model written into a folder of its own, which goes afterwards."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def __enter__(self) -> Path:
        self.folder = Path(tempfile.mkdtemp())
        return place(self.files, self.folder)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def read_notes(path: Path) -> Iterator[dict[str, Any]]:
    """The judged cases, and one that died where the last line says that it began."""
    begun: dict[str, Any] | None = None
    for line in path.read_text().splitlines() if path.is_file() else ():
        note = json.loads(line)
        if "outcome" in note:
            begun = None
            yield note
        else:
            begun = note
    if begun is not None:
        yield begun | {
            "outcome": Outcome.DIED.value,
            "mutation": "",
            "seconds": 0.0,
            "memory_bytes": 0,
            "text": "",
        }
