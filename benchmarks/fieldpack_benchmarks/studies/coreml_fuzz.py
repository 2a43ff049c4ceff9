"""``fieldpack study coreml-fuzz``: damaged Core ML files by thousands, for ten minutes.

Small models that hold most of the format between them, and in the full study packages of
coremltools beside them, are damaged in bytes, protobuf fields, blob records, manifest and folder;
each is opened and run, in turn in the reference and in the fast engine, under a clock and a limit
of memory. Allowed are an error of Fieldpack and a result.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack.worker import run
from fieldpack_benchmarks.fuzz.campaign import Count, campaign
from fieldpack_benchmarks.fuzz.case import Limits, Outcome
from fieldpack_benchmarks.fuzz.seeds import SEEDS
from fieldpack_benchmarks.study import Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
SEED = 20261126
SECONDS = 600.0
QUICK_CASES = 40
LIMITS = Limits(seconds=5.0, memory_bytes=2**28)
"""Opening takes milliseconds and hardly any memory; 256 MiB are what torch may reserve at once."""
SHOWN = 20
COLUMNS = (
    Column("model", "text", "host", "what was damaged"),
    Column("cases", "count", "host", "damaged copies"),
    Column("refused", "count", "host", "ended in an error of Fieldpack"),
    Column("ran", "count", "host", "gave a result: the damage did not matter to the format"),
    Column("heavy", "count", "host", "a legal program with an endless loop or huge results, stopped"),
    Column("findings", "count", "host", "another error, a crash, too slow, or too much memory"),
    Column("slowest", "s", "host", "longest case, seconds"),
    Column("memory", "bytes", "host", "largest growth of resident memory in a case, heavy ones apart"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Ten minutes over all models, or with `quick` a fixed number of cases of each small one."""
    if quick:
        return study_of(campaign(tuple(SEEDS), LIMITS, SEED, progress, cases=QUICK_CASES), None)
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        written = run("fieldpack_benchmarks.fuzz.converted:write", {"folder": folder}, progress=progress)
        start = time.perf_counter()
        counts = campaign((*SEEDS, *written["paths"]), LIMITS, SEED, progress, seconds=SECONDS)
        return study_of(counts, time.perf_counter() - start)


def study_of(counts: Sequence[Count], seconds: float | None) -> Study:
    """The record over the counts; `seconds` is the wall time of a full run."""
    found = [(Path(count.model).name, note) for count in counts for note in count.findings]
    bars = [Bar("findings", len(found), 0, AT_MOST, Evidence.HOST)]
    if seconds is not None:
        bars.append(Bar("wall time, s", seconds, SECONDS, AT_LEAST, Evidence.HOST))
    return Study(
        name="coreml-fuzz",
        columns=COLUMNS,
        rows=tuple(_row(count) for count in counts),
        bars=tuple(bars),
        quick=seconds is None,
        notes=(
            f"seed {SEED}; a case may take {LIMITS.seconds:g} s and {LIMITS.memory_bytes:,} bytes",
            *(
                f"{model}, case {note['case']}, {note['mutation']}: {note['outcome']}: {note['text']}"
                for model, note in found[:SHOWN]
            ),
        ),
    )


def _row(count: Count) -> dict[str, Cell]:
    seen = count.outcomes
    return {
        "model": Path(count.model).name,
        "cases": count.cases,
        "refused": seen[Outcome.REFUSED],
        "ran": seen[Outcome.RAN],
        "heavy": seen[Outcome.HEAVY],
        "findings": len(count.findings),
        "slowest": count.slowest_s,
        "memory": count.most_memory_bytes,
    }
