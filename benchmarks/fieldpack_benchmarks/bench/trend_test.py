from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fieldpack.errors import InputError
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record
from fieldpack_benchmarks.bench import trend
from fieldpack_benchmarks.bench.table import agreement, markdown

SVG = "{http://www.w3.org/2000/svg}"


def record(version: str, instructions: int | None, flavour: str = "tflite-int8", **changed: Any) -> Record:
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "taken": f"2026-01-0{version[0]}T00:00:00Z",
        "bundle": {"name": "meadow", "version": version, "digest": "a" * 64},
        "flavour": {"name": flavour, "kind": "tflite", "digest": "b" * 64},
        "target": "qemu-arm64:cortex-a76",
        "evidence": "emulated",
        "outcome": "measured",
        "runner": {"kind": "c", "runtime": "LiteRT 2.3.0", "processor": "cortex-a76", "threads": 1},
        "instructions": instructions,
        "examples": 1,
        "outputs": {"scores": "c" * 64},
    }
    return validated(Record, values | changed, "test", InputError)


def test_lines_go_by_time_and_rows_tell_the_change() -> None:
    records = [record("3.0.0", 1100), record("1.0.0", 1000), record("2.0.0", 1050)]
    ((target, (line,)),) = trend.lines_of(records).items()
    assert (target, line.versions, line.values) == (
        "qemu-arm64:cortex-a76", ("1.0.0", "2.0.0", "3.0.0"), (1000, 1050, 1100),
    )  # fmt: skip
    assert trend.rows_of(records) == [
        (target, "tflite-int8", "1.0.0", "1,000", "3.0.0", "1,100", "+10.00 %", "3", "instructions")
    ]


def test_runs_that_failed_are_no_points() -> None:
    failed = record("2.0.0", None, outcome="failed", reason="the device was lost", runner=None)
    assert trend.lines_of([failed]) == {}


@pytest.mark.parametrize("values", [[1000], [1000, 1000, 1000], [1, 10**9]])
def test_a_drawing_is_svg_whatever_the_values_and_names(values: list[int]) -> None:
    name = 'a<b>&"c"'
    records = [record(f"{place + 1}.0.0", value, name) for place, value in enumerate(values)]
    root = ET.fromstring(trend.draw(records, 'bundle <script>"'))
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f".//{SVG}circle")) == len(values)
    assert name in [text.text for text in root.iter(f"{SVG}text")]
    points = [
        (float(item.get("cx", "nan")), float(item.get("cy", "nan"))) for item in root.iter(f"{SVG}circle")
    ]
    assert all(0 <= x <= trend.WIDTH and 0 <= y <= float(root.get("height", "0")) for x, y in points)


def test_answers_are_compared_over_targets_with_as_many_examples() -> None:
    a76, a53 = record("1.0.0", 1), record("1.0.0", 1, target="qemu-arm64:cortex-a53")
    other = record("1.0.0", 1, target="qemu-arm64:cortex-a53", outputs={"scores": "d" * 64})
    assert "the same bytes on 2 targets" in agreement([a76, a53])[0]
    assert "2 kinds of answers" in agreement([a76, other])[0]
    assert agreement([a76]) == []
    assert agreement([a76, a53.model_copy(update={"examples": 3})]) == []


def test_reasons_stand_below_the_table_and_not_in_it() -> None:
    failed = record("2.0.0", None, outcome="failed", reason="the device was lost", runner=None)
    lines = markdown([record("1.0.0", 5), failed]).splitlines()
    assert lines[-2:] == ["", "- failed: tflite-int8 on qemu-arm64:cortex-a76: the device was lost"]
    assert "lost" not in "".join(lines[:-2])


def test_a_table_in_markdown_keeps_its_columns() -> None:
    lines = markdown([record("1.0.0", 5, "a|b")]).splitlines()
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
