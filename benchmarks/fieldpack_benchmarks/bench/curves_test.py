from __future__ import annotations

from typing import Any

import pytest

from fieldpack.errors import InputError
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record
from fieldpack_benchmarks.bench.curves import knee_words, lines_of
from fieldpack_benchmarks.bench.table import HEADER, rows_of
from fieldpack_benchmarks.bench.trend import lines_of as trend_of

SLOWED = [2.0] * 12 + [2.8] * 18
GAP_S = 0.5
"""Between two steps: loading, and what is read from the target."""


def record(medians_ms: list[float] | None, **more: Any) -> Record:
    """A run of this machine; with medians, a sustained one."""
    curve = None
    if medians_ms is not None:
        began_s = [place * (10.0 + GAP_S) for place in range(len(medians_ms))]
        curve = {"step_s": 10.0, "began_s": began_s, "medians_ms": medians_ms, **more}
    values = {
        "schema": SCHEMA,
        "taken": "2026-01-02T03:04:05Z",
        "bundle": {"name": "meadow", "version": "1.0.0", "digest": "a" * 64},
        "flavour": {"name": "tflite-int8", "kind": "tflite", "digest": "b" * 64},
        "target": "host",
        "evidence": "host",
        "outcome": "measured",
        "mode": "quick" if curve is None else "sustained",
        "runner": {"kind": "c", "runtime": "LiteRT 2.3.0", "processor": "own", "threads": 1},
        "rounds": [
            {"latency_ms": 2, "p90_ms": 2, "p99_ms": 2, "samples": 9, "load_ms": 1, "first_run_ms": 3}
        ],
        "curve": curve,
        "flags": ["throttled"],
    }
    return validated(Record, values, "test", InputError)


@pytest.mark.parametrize(
    ("medians_ms", "words"),
    [
        (SLOWED, "knee at 126 s, 1.4 times slower after"),
        ([2.0] * 30, "no knee in 314 s"),
        (None, ""),
    ],
)
def test_the_note_says_when_a_target_slowed_down(medians_ms: list[float] | None, words: str) -> None:
    found = record(medians_ms)
    assert knee_words(found) == words
    (row,) = rows_of([found])
    assert dict(zip(HEADER, row, strict=True))["note"] == ", ".join(filter(None, ("throttled", words)))


def test_a_line_draws_the_curve_with_heat_and_clock_where_they_are_told() -> None:
    heat = {"temperatures": [31.0, None, 62.5], "clocks_khz": [2_800_000, 1_900_000, None]}
    lines = lines_of([record([2.0, 2.4, 2.8], **heat), record(None), record([2.0, 2.0])])
    assert lines == [
        "tflite-int8 on host: ▁▅█ 2 to 2.8 ms in steps of 10 s, 31 .. 62.5 degrees C, 2.8 .. 1.9 GHz",
        "tflite-int8 on host: ▁▁ 2 to 2 ms in steps of 10 s",
    ]


def test_a_trend_keeps_lasting_times_apart_from_fresh_ones() -> None:
    assert [line.unit for line in trend_of([record(SLOWED), record(None)])["host"]] == ["ms sustained", "ms"]
