"""``fieldpack bench table`` and ``estimate``: a table from records, and what it says of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from fieldpack.errors import InputError
from fieldpack.latency_table.operator_work import work_of
from fieldpack.latency_table.table import LatencyTable, estimate, read_table, write_table
from fieldpack.records.held import VOID
from fieldpack.records.record import Flag, Record, Runner, RunOutcome
from fieldpack.records.store import read
from fieldpack.tflite.file import open_model
from fieldpack_benchmarks.bench.commands import Benched
from fieldpack_benchmarks.predictor.fit import Timed, fit_table

MODEL_HEADER = ("model", "measured, ms", "left out, ms", "factor")


def table(records: Path, models: Sequence[Path], target: str | None, out: Path) -> Benched:
    """Fit a table to the records of one target.

    Parameters
    ----------
    records : Path
        File or folder.
    models : sequence of Path
        ``.tflite`` files, found in the records by their digests.
    target : str or None
        The target; may be left out where the records are of one.
    out : Path
        Where the table goes.

    Raises
    ------
    InputError
        There are several targets or runners, a file has no record with times, or there are too few models.
    StorageError
        The table cannot be written.
    """
    wanted = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in _files(models)}
    found = _times(read(records), wanted, target)
    place = _one("target", {item.target for item in found.values()}, "name one with --target")
    runner = _one_runner(found.values())
    made = fit_table([_timed(wanted[digest], item) for digest, item in found.items()], place, runner)
    write_table(out, made)
    rows = [
        (item.name, f"{item.measured_ms:.4g}", _number(item.left_out_ms), _number(item.ratio))
        for item in made.models
    ]
    shaky = [
        item.name
        for item, record in zip(made.models, found.values(), strict=True)
        if Flag.UNSTABLE in record.flags
    ]
    lines = [made.error, *([f"unstable: {', '.join(shaky)}"] if shaky else []), str(out)]
    document = {"table": str(out), "unstable": shaky} | _facts(made)
    return Benched(document, MODEL_HEADER, rows, lines, 0)


def estimate_file(model: Path, file: Path, target: str | None) -> Benched:
    """What a table says of a file; the file is not run.

    Raises
    ------
    InputError
        The table cannot be read, or is of another target.
    UnsupportedError
        The table does not know one of the file's operators.
    ModelFileError
        The file is no TFLite file.
    """
    held = read_table(file)
    figure = estimate(model, held, target)
    row = (
        model.name, held.target, f"{figure.value:.4g}", f"{figure.low:.4g} .. {figure.high:.4g}",
        figure.evidence.value,
    )  # fmt: skip
    lines = [held.error, *_beyond(figure.value or 0.0, held)]
    header = ("model", "target", "ms", "as far off as the worst", "evidence")
    return Benched({"estimate": figure.as_dict()} | _facts(held), header, [row], lines, 0)


def _files(models: Sequence[Path]) -> list[Path]:
    found = [
        item for path in models for item in (sorted(path.glob("**/*.tflite")) if path.is_dir() else [path])
    ]
    lost = [str(path) for path in found if not path.is_file()]
    if lost or not found:
        raise InputError("there is no such model", came=", ".join(lost) or "none", allowed=".tflite files")
    return found


def _times(records: Sequence[Record], wanted: dict[str, Path], target: str | None) -> dict[str, Record]:
    """Digest -> its last record with times that prove something."""
    found = {
        item.flavour.digest: item
        for item in sorted(records, key=lambda record: record.taken)
        if item.outcome is RunOutcome.MEASURED and item.rounds and not set(item.flags) & VOID
        and item.flavour.digest in wanted and target in (None, item.target)
    }  # fmt: skip
    lacking = [path.name for digest, path in wanted.items() if digest not in found]
    if lacking:
        raise InputError(
            "models have no record with times" + (f" on {target}" if target else ""), came=", ".join(lacking),
            allowed="measured, neither throttled nor of too few samples", hint="fieldpack bench run BUNDLE",
        )  # fmt: skip
    return found


def _one(what: str, names: Iterable[str], hint: str) -> str:
    found = sorted(names)
    if len(found) != 1:
        raise InputError(f"the records are of several {what}s", came=", ".join(found), hint=hint)
    return found[0]


def _one_runner(records: Iterable[Record]) -> Runner:
    """Threads, runtime and processor change every time, so a table is of one of each."""
    runners = {item.runner.model_dump_json(): item.runner for item in records if item.runner is not None}
    return runners[_one("runner", runners, "bench all models with one runtime, then make the table")]


def _timed(path: Path, record: Record) -> Timed:
    works = work_of(open_model(path))
    name = f"{record.bundle.name} {record.flavour.name}"
    return Timed(name, record.flavour.digest, works, median(item.latency_ms for item in record.rounds))


def _facts(held: LatencyTable) -> dict[str, object]:
    return {"target": held.target, "models": len(held.models), "ratios": held.ratios, "error": held.error}


def _beyond(value: float, held: LatencyTable) -> list[str]:
    times = [item.measured_ms for item in held.models]
    if min(times) <= value <= max(times):
        return []
    return [f"outside the {min(times):.4g} .. {max(times):.4g} ms that were measured: an extrapolation"]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
