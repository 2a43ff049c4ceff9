"""``fieldpack study compression-search``: a search that is killed, or spread over workers, comes to the same.

The reference model meadow-12 is searched three times with real trials: left alone, killed by SIGKILL in the
middle and begun again, and on a Dask cluster of two worker processes. Each has a store of its own, and the
whole record of each is compared: every trial, figure, verdict, the front, the winner and the digest of its
bundle. Times are ``host``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fieldpack.errors import FieldpackError
from fieldpack.spec import load_spec
from fieldpack.verdict import AT_LEAST, Evidence
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.studies.overhead import embedded_pack
from fieldpack_benchmarks.study import Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
TRIALS, QUICK_TRIALS = 30, 6
EXAMPLES, CALIBRATION = 120, 40
COLUMNS = (
    Column("way", "text", "host", "how the search ran"),
    Column("trials", "count", "host", "trials in its record"),
    Column("begun_with", "count", "host", "trials that were stored when it began, or began anew"),
    Column("seconds", "s", "host", "wall time; of a killed search both parts"),
    Column("winner", "text", "host", "stage and bytes"),
    Column("same", "text", "host", "whether the record is that of the search left alone"),
)


def study(quick: bool, progress: Progress) -> Study:
    """30 trials in each of three ways, or with `quick` 6."""
    trials = QUICK_TRIALS if quick else TRIALS
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        place = Path(folder)
        spec = _spec(place, trials)
        progress("left alone", 0.0)
        alone, alone_s = _timed(lambda: _searched(spec, place / "alone"))
        progress("killed and begun again", 0.33)
        (killed, stored), killed_s = _timed(lambda: _killed(spec, place / "killed", trials // 2))
        progress("two Dask workers", 0.66)
        with _cluster() as address:
            spread, spread_s = _timed(lambda: _searched(spec, place / "spread", "--executor", address))
    rows = [
        _row("left alone", alone, alone, 0, alone_s),
        _row("killed and begun again", killed, alone, stored, killed_s),
        _row("two Dask workers", spread, alone, 0, spread_s),
    ]
    bars = tuple(
        Bar(f"{row['way']}: same record", float(row["same"] == "yes"), 1.0, AT_LEAST, Evidence.HOST)
        for row in rows[1:]
    )
    many = Bar("trials", float(len(alone["trials"])), float(trials), AT_LEAST, Evidence.HOST)
    middle = Bar("trials stored when killed", float(stored), 1.0, AT_LEAST, Evidence.HOST)
    return Study("compression-search", COLUMNS, tuple(rows), (many, middle, *bars), quick=quick)


def _spec(place: Path, trials: int) -> Path:
    """The spec of meadow-12 with fewer examples and a search that needs many trials."""
    pack = embedded_pack()
    if pack is None:
        raise FieldpackError("the reference models are not installed", hint="run from a clone, or its wheel")
    spec = load_spec(pack)
    words = spec.model_dump(mode="json", by_alias=True)
    words["data"]["evaluation"]["count"] = EXAMPLES
    words["data"]["calibration"]["count"] = CALIBRATION
    words["budget"] = {"every": {"installed_bytes": 200_000, "top1_drop": 0.1}, "flavours": {}}
    words["search"] = {
        "flavour": "tflite-int8",
        "stop": "pareto",
        "trials": trials,
        "stages": [
            {
                "name": "float16",
                "cost": 0,
                "flavour": {"method": "float16"},
            },
            {"name": "static", "cost": 1, "flavour": {"ranges": {"kind": "min_max"}}},
            {
                "name": "percentile",
                "cost": 2,
                "flavour": {"ranges": {"kind": "percentile", "percent": 99.9}},
                "choices": {"flavour.ranges.percent": {"low": 98.0, "high": 99.999}},
                "tries": trials - 2,
            },
        ],
    }
    path = place / "pack.toml"
    write_spec(type(spec).model_validate_json(json.dumps(words)), path)
    return path


def _command(spec: Path, store: Path, *more: str) -> list[str]:
    out = store.with_name(store.name + "-bundle")
    arguments = ["search", str(spec), "--out", str(out), "--store", str(store), "--json", *more]
    return [sys.executable, "-m", "fieldpack.cli.main", *arguments]


def _searched(spec: Path, store: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run(_command(spec, store, *more), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 3):
        raise FieldpackError("a search ended with an error", came=done.stderr[-2000:])
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def _killed(spec: Path, store: Path, after: int) -> tuple[dict[str, Any], int]:
    """Kill the command once so many trials are stored, then begin anew with the same store."""
    child = subprocess.Popen(
        _command(spec, store), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while len(list(store.glob("*.json"))) < after and child.poll() is None:
        time.sleep(0.05)
    child.kill()
    if child.wait() != -signal.SIGKILL:
        raise FieldpackError(
            "the search ended before it could be killed", came=f"exit code {child.returncode}"
        )
    stored = len(list(store.glob("*.json")))
    return _searched(spec, store), stored


@contextmanager
def _cluster() -> Iterator[str]:
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.monotonic()
    return action(), time.monotonic() - begin


def _row(
    way: str, record: dict[str, Any], alone: dict[str, Any], stored: int, seconds: float
) -> dict[str, Cell]:
    best = next((trial for trial in record["trials"] if trial["number"] == record["best"]), None)
    same = {key: value for key, value in record.items() if key != "bundle"} == {
        key: value for key, value in alone.items() if key != "bundle"
    }
    return {
        "way": way,
        "trials": len(record["trials"]),
        "begun_with": stored,
        "seconds": seconds,
        "winner": "none" if best is None else f"{best['stage']}, {best['installed_bytes']:,} B",
        "same": "yes" if same else "no",
    }
