from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fieldpack.errors import InputError
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record
from fieldpack_benchmarks.bench import trend
from fieldpack_benchmarks.bench.curve_panels import HEIGHT, LEFT, RIGHT, last_curves

SVG = "{http://www.w3.org/2000/svg}"


def record(medians_ms: list[float], day: int = 1, flavour: str = "tflite-int8", **more: Any) -> Record:
    curve = {"step_s": 10.0, "began_s": [place * 11.0 for place in range(len(medians_ms))]}
    round_ = {"latency_ms": 2, "p90_ms": 2, "p99_ms": 2, "samples": 9, "load_ms": 1, "first_run_ms": 3}
    values = {
        "schema": SCHEMA,
        "taken": f"2026-01-0{day}T00:00:00Z",
        "bundle": {"name": "meadow", "version": "1.0.0", "digest": "a" * 64},
        "flavour": {"name": flavour, "kind": "tflite", "digest": "b" * 64},
        "target": "host",
        "evidence": "host",
        "outcome": "measured",
        "mode": "sustained",
        "runner": {"kind": "c", "runtime": "LiteRT 2.3.0", "processor": "own", "threads": 1},
        "rounds": [round_],
        "curve": {**curve, "medians_ms": medians_ms, **more},
    }
    return validated(Record, values, "test", InputError)


def drawn(*records: Record) -> tuple[list[list[tuple[float, float]]], list[ET.Element], list[str]]:
    """Points of every path below the panel of versions, its dashed lines, and all texts."""
    root = ET.fromstring(trend.draw(records, "meadow"))
    paths = [
        [tuple(map(float, point.split())) for point in path.get("d", "")[2:].split(" L ")]
        for path in root.iter(f"{SVG}path")
    ]
    knees = [line for line in root.iter(f"{SVG}line") if "dasharray" in line.get("style", "")]
    below = trend.EDGE + trend.PANEL + trend.EDGE
    curves = [path for path in paths if all(y > below for _, y in path)]
    return curves, knees, [text.text or "" for text in root.iter(f"{SVG}text")]  # type: ignore[return-value]


def test_a_curve_goes_over_the_seconds_that_passed_and_its_knee_is_marked() -> None:
    ((points,), (knee,), texts) = drawn(record([2.0, 2.0, 2.0, 2.8, 2.8]))
    scale = (trend.WIDTH - LEFT - RIGHT) / 54
    assert [x for x, _ in points] == pytest.approx([LEFT + scale * at for at in (5, 16, 27, 38, 49)], abs=0.1)
    assert float(knee.get("x1", "nan")) == pytest.approx(LEFT + scale * 33, abs=0.1)
    assert points[0][1] > points[3][1], "slower is higher"
    assert "tflite-int8 1.0.0 on host: knee at 33 s, 1.4 times slower after" in texts
    assert {"2 ms", "2.8 ms", "54 s", "knee"} <= set(texts)


def test_noise_is_flat_and_without_a_knee() -> None:
    ((points,), knees, _) = drawn(record([2.0, 2.01, 2.0, 2.02]))
    heights = [y for _, y in points]
    assert max(heights) - min(heights) < HEIGHT / 8
    assert knees == []


def test_heat_is_drawn_where_the_target_tells_it() -> None:
    curves, _, texts = drawn(record([2.0, 2.0, 2.0], temperatures=[31.0, None, 62.5]))
    assert sorted(map(len, curves)) == [2, 3]
    assert {"31 °C", "62.5 °C"} <= set(texts)
    assert len(drawn(record([2.0, 2.0, 2.0], temperatures=[31.0, None, None]))[0]) == 1


def test_the_last_run_of_each_flavour_is_drawn() -> None:
    records = [record([1.0] * 3, 2), record([2.0] * 3, 1), record([3.0] * 3, 3, "tflite-float32")]
    assert [item.curve and item.curve.medians_ms[0] for item in last_curves(records)] == [1.0, 3.0]
    assert len(drawn(*records)[0]) == 2
