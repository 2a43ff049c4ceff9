"""Sustained runs as records keep them, and as a table and a terminal tell them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from fieldpack.errors import TargetError
from fieldpack.records.record import Record
from fieldpack.verdict_files.summary import sparkline
from fieldpack_benchmarks.latency.heat import clock_khz, hottest
from fieldpack_benchmarks.latency.sustained import SLOWER, Curve
from fieldpack_benchmarks.targets.model_run import ModelRun
from fieldpack_benchmarks.targets.protocol import MOST_RUNS


def whole_steps(runs: Iterable[ModelRun], step_s: float) -> Iterator[ModelRun]:
    """The steps as they come, until one is none.

    Raises
    ------
    TargetError
        A step ended before its time, since a runner keeps no more inferences; or the target's clock ran
        backwards from one step to the next, as after a restart.
    """
    before = -1
    for run in runs:
        if len(run.report.wall_ns) >= MOST_RUNS:
            raise TargetError(
                f"The model is too fast for steps of {step_s:g} s", came=f"{MOST_RUNS} inferences in less",
                hint="ask for fewer minutes: below one, steps are a sixth of them",
            )  # fmt: skip
        started = run.report.started_ns or 0
        if started <= before:
            raise TargetError(
                f"The clock of {run.target} ran backwards between two steps",
                came=f"{before} ns, then {started}", allowed="a clock that goes on",
                hint="the target was started anew; run it again",
            )  # fmt: skip
        before = started
        yield run


def fields_of(runs: Sequence[ModelRun], step_s: float) -> dict[str, Any]:
    """The fields of a record's curve, from a process a step.

    Parameters
    ----------
    runs : sequence of ModelRun
        In their order.
    step_s : float
        Seconds that each was to sample.
    """
    starts = [run.report.started_ns or 0 for run in runs]
    return {
        "step_s": step_s,
        "began_s": [round((start - starts[0]) / 1e9, 3) for start in starts],
        "medians_ms": [median(run.report.wall_ns) / 1e6 for run in runs],
        "temperatures": _told(hottest(run.facts_after.readings) for run in runs),
        "clocks_khz": _told(clock_khz(run.facts_after.readings) for run in runs),
    }


def curve_of(record: Record) -> Curve | None:
    """The curve of a record; None for one that was not sustained."""
    kept = record.curve
    return None if kept is None else Curve(kept.step_s, kept.medians_ms, kept.began_s)


def knee_words(record: Record) -> str:
    """When a target slowed down for good, and to what; empty for a record without a curve."""
    found = curve_of(record)
    if found is None:
        return ""
    if found.knee_s is None:
        return f"no knee in {found.length_s:.0f} s"
    return f"knee at {found.knee_s:.0f} s, {found.lasting:.2g} times slower after"


def lines_of(records: Sequence[Record]) -> list[str]:
    """A line for each curve, from its least time up by a tenth at least, with the ends of heat and clock."""
    return [_line(record) for record in records if record.curve is not None]


def _line(record: Record) -> str:
    curve = record.curve
    if curve is None:
        return ""
    times = curve.medians_ms
    drawn = sparkline(times, (SLOWER - 1) * min(times))
    parts = [
        f"{drawn} {min(times):.3g} to {max(times):.3g} ms in steps of {curve.step_s:g} s",
        *_words(curve.temperatures, 1.0, "degrees C"),
        *_words(curve.clocks_khz, 1e6, "GHz"),
    ]
    return f"{record.flavour.name} on {record.target}: {', '.join(parts)}"


def _words(values: Sequence[float | None], unit: float, name: str) -> list[str]:
    known = [value for value in values if value is not None]
    return [f"{known[0] / unit:.3g} .. {known[-1] / unit:.3g} {name}"] if known else []


def _told(values: Iterable[float | None]) -> list[float | None]:
    """The values, or nothing where the target never told one."""
    found = list(values)
    return [] if all(value is None for value in found) else found
