from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import InputError, StorageError
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record
from fieldpack.records.store import append, read, remember_machine

CURVE = {"step_s": 1, "began_s": [0, 1.5], "medians_ms": [1, 2]}
FIRST = "fieldpack-bench/1"
ROUND = {"latency_ms": 1, "p90_ms": 1, "p99_ms": 1, "samples": 1, "load_ms": 1, "first_run_ms": 1}


def record(**changed: Any) -> Record:
    """A counted run, with some fields changed."""
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "taken": "2026-01-02T03:04:05Z",
        "bundle": {"name": "meadow", "version": "1.0.0", "digest": "a" * 64},
        "flavour": {"name": "tflite-int8", "kind": "tflite", "digest": "b" * 64},
        "target": "qemu-arm64:cortex-a76",
        "evidence": "emulated",
        "outcome": "measured",
        "runner": {"kind": "c", "runtime": "LiteRT 2.3.0", "processor": "cortex-a76", "threads": 1},
        "instructions": 3_368_975,
    }
    return validated(Record, values | changed, "test", InputError)


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    first, second = record(), record(instructions=4, taken="2026-01-02T03:04:06Z")
    path = append(tmp_path, first)
    assert append(tmp_path, second) == path
    assert read(path) == (first, second)
    assert read(tmp_path) == (first, second)


def test_a_curve_keeps_the_steps_that_told_nothing(tmp_path: Path) -> None:
    curve = {
        "step_s": 10, "began_s": [0, 11.5], "medians_ms": [1, 2], "temperatures": [41.5, None],
        "clocks_khz": [None, 1800000],
    }  # fmt: skip
    append(tmp_path, record(mode="sustained", evidence="host", target="host", rounds=[ROUND], curve=curve))
    (found,) = read(tmp_path)
    assert found.curve is not None
    assert found.curve.began_s == (0, 11.5)
    assert found.curve.temperatures == (41.5, None)
    assert found.curve.clocks_khz == (None, 1_800_000)


def test_records_of_version_1_are_read_beside_those_of_today(tmp_path: Path) -> None:
    """As version 1 wrote them: a curve without the beginnings of its steps."""
    curve = {"step_s": 10, "medians_ms": [1, 2]}
    old = record(schema=FIRST, mode="sustained", evidence="host", target="host", rounds=[ROUND], curve=curve)
    path = append(tmp_path, old)
    assert json.loads(path.read_text())["schema"] == FIRST
    append(tmp_path, record())
    assert [item.schema_version for item in read(path)] == [FIRST, SCHEMA]
    assert read(path)[0].curve == old.curve


def test_files_of_a_folder_are_read_by_time(tmp_path: Path) -> None:
    later = record(
        bundle={"name": "alpine", "version": "1.0.0", "digest": "a" * 64}, taken="2027-01-01T00:00:00Z"
    )
    append(tmp_path, later)
    append(tmp_path, record())
    assert [item.bundle.name for item in read(tmp_path)] == ["meadow", "alpine"]


def test_a_line_that_a_killed_run_cut_off_is_refused_by_reader_and_writer(tmp_path: Path) -> None:
    path = append(tmp_path, record())
    path.write_bytes(path.read_bytes()[:-9])
    for attempt in (lambda: read(path), lambda: append(tmp_path, record())):
        with pytest.raises(InputError, match="cut off"):
            attempt()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "no JSON"),
        ("[]", "another schema"),
        ('{"schema": "fieldpack-bench/9"}', "another schema"),
        (json.dumps({"schema": SCHEMA}), "missing field `taken`"),
    ],
)
def test_other_lines_are_refused_with_their_number(tmp_path: Path, line: str, message: str) -> None:
    path = append(tmp_path, record())
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match=message) as refusal:
        read(path)
    assert "line 2" in str(refusal.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"instructions": None}, "has instructions or rounds"),
        ({"runner": None}, "names its runner"),
        ({"outcome": "not_run"}, "says why"),
        (
            {"rounds": [ROUND]},
            "no times",
        ),
        ({"target": "phone"}, "no such target; allowed are host, qemu-arm64:CPU, callgrind"),
        ({"curve": {"step_s": 1, "medians_ms": [1]}}, "of sustained mode"),
        ({"mode": "sustained", "curve": {"step_s": 1, "medians_ms": []}}, "medians_ms"),
        ({"mode": "sustained", "curve": CURVE | {"temperatures": [40, 41, 42]}}, "3 values for 2 steps"),
        ({"mode": "sustained", "curve": CURVE | {"began_s": [0]}}, "`began_s` has 1 values for 2 steps"),
        ({"mode": "sustained", "curve": CURVE | {"began_s": [0, 0]}}, "rises from step to step"),
        ({"mode": "sustained", "curve": CURVE | {"began_s": [1, 2]}}, "begins with 0"),
        ({"mode": "sustained", "curve": CURVE | {"began_s": []}}, "from fieldpack-bench/2 on"),
        ({"mode": "sustained", "curve": CURVE, "schema": FIRST}, "from fieldpack-bench/2 on"),
        ({"taken": "yesterday"}, "taken"),
    ],
)  # fmt: skip
def test_a_record_that_does_not_fit_itself_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        record(**changed)


def test_a_machine_has_one_file_whoever_names_it(tmp_path: Path) -> None:
    key = remember_machine(tmp_path, {"cpu": "x", "cores": 2})
    assert remember_machine(tmp_path, {"cores": 2, "cpu": "x"}) == key
    assert remember_machine(tmp_path, {"cores": 3, "cpu": "x"}) != key
    assert json.loads((tmp_path / "machines" / f"{key}.json").read_text()) == {"cpu": "x", "cores": 2}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        append(tmp_path / "file" / "below", record())
