"""``fieldpack study coreml-conformance``: coremltools' own tests with Fieldpack's runtime as Core ML.

With the environment variable ``FIELDPACK_CONFORMANCE`` naming a folder, a stopped run goes on there:
the folder keeps the ids of one coremltools and the results of one state of our code, so it has to
be emptied when either changes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fieldpack.coreml.ops._op_list import OPERATORS
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.conformance.run import run_draw, run_tests
from fieldpack_benchmarks.conformance.sample import Draw, collect
from fieldpack_benchmarks.conformance.summary import Tally, never_executed, tally
from fieldpack_benchmarks.study import Bar, Column, Study

Progress = Callable[[str, float], None]
FOLDER = "FIELDPACK_CONFORMANCE"
SEED = 20261126
# The smaller of two samples of one suite is a part of the larger, so its results are there already.
LARGE = (
    Draw("ops", "default", per_function=7, seed=SEED),
    Draw("ops", "default", per_function=5, seed=SEED),
    Draw("ops", "fp32", per_function=5, seed=SEED),
    Draw("torch", "default", per_function=3, count=800, seed=SEED),
    Draw("elementwise", "default", per_function=60, seed=SEED),  # one function tests all operators
    Draw("stateful", "fp32", per_function=5, seed=SEED),
    Draw("load", "fp32", per_function=5, seed=SEED),
    Draw("optimize", "default", per_function=1, seed=SEED),
)
SMALL = (
    Draw("ops", "fp32", per_function=1, count=200, seed=SEED),
    Draw("torch", "fp32", per_function=1, count=80, seed=SEED),
)
WANTED = {("ops", "default"): 0.995, ("ops", "fp32"): 0.98, ("torch", "default"): 0.995}
"""Least share of passed tests, by suite and configuration."""
COLUMNS = (
    Column("suite", "text", "reference", "folder or file of coremltools' tests"),
    Column("configuration", "text", "reference", "half-float backends only, or float32 ones too"),
    Column("per_function", "count", "reference", "at most so many tests of one function"),
    Column("tests", "count", "reference", "tests drawn, nested samples by function"),
    Column("reached", "count", "reference", "tests that asked the runtime for something"),
    Column("passed", "count", "reference", "of these, passed"),
    Column("failed", "count", "reference", "of these, failed, crashed or out of time"),
    Column("known", "count", "reference", "of the failed, listed in deviations.toml with a reason"),
    Column("xfailed", "count", "reference", "of the reached, expected to fail by coremltools"),
    Column("unreached", "count", "reference", "tests of builder, shapes and passes: no prediction"),
    Column("broken", "count", "reference", "tests that failed before there was a model"),
    Column("operators", "count", "reference", "MIL operators in programs of passed tests"),
    Column("share", "fraction", "reference", "passed of passed and failed"),
    Column(
        "share_without_tolerance",
        "fraction",
        "reference",
        "the same without known failures that hold half floats to a float32 tolerance",
    ),
)


def study(quick: bool, progress: Progress) -> Study:
    """Run the samples, or with `quick` one small one of each suite with a bar."""
    folder = os.environ.get(FOLDER)
    if folder and not quick:
        return study_of([_large(draw, Path(folder), progress) for draw in LARGE], quick)
    with tempfile.TemporaryDirectory(prefix="fieldpack-conformance-") as fresh:
        if not quick:
            return study_of([_large(draw, Path(fresh), progress) for draw in LARGE], quick)
        return study_of([_small(draw, Path(fresh), progress) for draw in SMALL], quick)


def study_of(tallies: Sequence[Tally], quick: bool) -> Study:
    """The record over counted runs."""
    bars = [] if quick else [bar for item in tallies if (bar := _share(item)) is not None]
    new = {record.id: record for item in tallies for record in item.new}
    stale = {entry.tests: entry for item in tallies for entry in item.stale}
    bars.append(Bar("failures that are not listed", len(new), 0, AT_MOST, Evidence.REFERENCE))
    never = never_executed(tallies, OPERATORS)
    return Study(
        name="coreml-conformance",
        columns=COLUMNS,
        rows=tuple(item.as_row() for item in tallies),
        bars=tuple(bars),
        quick=quick,
        notes=(
            *(_causes(item) for item in tallies if item.known),
            f"never executed in a passed test, of {len(OPERATORS)} operators: {', '.join(never) or 'none'}",
            *(f"new: {record.id}: {record.message}" for record in new.values()),
            *(f"stale: {entry.tests}: {entry.reason}" for entry in stale.values()),
        ),
    )


def _causes(item: Tally) -> str:
    counted = ", ".join(f"{number} {cause}" for cause, number in sorted(item.causes.items()))
    return f"{item.draw.suite}, {item.draw.configuration}: known failures by cause: {counted}"


def _share(item: Tally) -> Bar | None:
    wanted = WANTED.get((item.draw.suite, item.draw.configuration))
    if wanted is None:
        return None
    return Bar(
        f"{item.draw.suite}, {item.draw.configuration}, at most {item.draw.per_function} a function: passed",
        item.share,
        wanted,
        AT_LEAST,
        Evidence.REFERENCE,
        note=f"of passed and failed; {item.tests} tests drawn, {item.reached} reached the runtime",
    )


def _large(draw: Draw, folder: Path, progress: Progress) -> Tally:
    ids = draw.of(collect(draw.suite, draw.configuration, folder))
    results = folder / f"{draw.suite}-{draw.configuration}.jsonl"
    return tally(draw, run_tests(ids, draw.configuration, results, progress))


def _small(draw: Draw, folder: Path, progress: Progress) -> Tally:
    progress(f"{draw.suite}: {draw.count} tests", 0.0)
    results = folder / f"{draw.suite}-{draw.configuration}.jsonl"
    return tally(draw, run_draw(draw, results))
