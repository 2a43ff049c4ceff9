"""The record of a study: what it says, what it refuses, what a reader gets back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from fieldpack.errors import InputError
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study, Timing, load_study
from fieldpack_benchmarks.table import Cell

COLUMNS = (
    Column("flavour", "text", "host", "which"),
    Column("evidence", "text", BY_ROW, "how it was run"),
    Column("size_bytes", "bytes", "host", "how large"),
    Column("agreement", "fraction", BY_ROW, "how alike"),
)
PLACE = {"cpu": "one", "cores": 2, "memory_bytes": 8 * 2**30, "os": "Linux 6", "load_average": 0.5}


def bar(value: float | None, limit: float = 0.9, relation: str = AT_LEAST) -> Bar:
    return Bar("agreement", value, limit, relation, Evidence.HOST)


def study(*bars: Bar, **more: Any) -> Study:
    row: dict[str, Cell] = {
        "flavour": "tflite-int8",
        "evidence": "host",
        "size_bytes": 91656,
        "agreement": 0.918,
    }
    fields: dict[str, Any] = {"machine": PLACE, "versions": {"numpy": "2.3.5"}, **more}
    return Study("tiny", COLUMNS, (row,), bars, quick=True, **fields)


@pytest.mark.parametrize(
    ("value", "limit", "relation", "holds"),
    [
        (0.9, 0.9, AT_LEAST, True),
        (0.89, 0.9, AT_LEAST, False),
        (90.0, 90.0, AT_MOST, True),
        (90.1, 90.0, AT_MOST, False),
        (None, 90.0, AT_MOST, False),
        (math.nan, 90.0, AT_MOST, False),
        (-math.inf, 90.0, AT_MOST, False),
    ],
)
def test_a_bar_holds_up_to_its_limit_and_never_without_a_number(
    value: float | None, limit: float, relation: str, holds: bool
) -> None:
    assert bar(value, limit, relation).holds is holds


def test_a_bar_refuses_a_limit_that_is_no_number() -> None:
    with pytest.raises(InputError, match="malformed"):
        bar(0.5, math.nan)
    with pytest.raises(InputError, match="malformed"):
        bar(0.5, 0.9, "about")


def test_a_study_holds_when_every_bar_does_and_there_is_one() -> None:
    assert study(bar(0.95), bar(0.91)).holds
    assert not study(bar(0.95), bar(0.5)).holds
    assert not study().holds


def test_a_written_study_comes_back_whole(tmp_path: Path) -> None:
    timing = Timing("start", "ms", (9.0,), (3.0, 4.0))
    first = study(bar(0.95), bar(None), timings=(timing,), notes=("two rounds",))
    path = tmp_path / "study.json"
    path.write_text(json.dumps(first.as_dict()))
    assert load_study(path) == first


def test_the_record_keeps_warm_ups_and_every_value() -> None:
    document = study(bar(1.0), timings=(Timing("start", "ms", (9.0,), (3.0, 4.0)),)).as_dict()
    assert document["timings"] == [{"name": "start", "unit": "ms", "warm_ups": [9.0], "values": [3.0, 4.0]}]
    assert {"machine", "versions", "schema_version"} <= set(document)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_other_schema_versions_are_refused(tmp_path: Path, version: object) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps({**study(bar(1.0)).as_dict(), "schema_version": version}))
    with pytest.raises(InputError, match="schema version"):
        load_study(path)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1}'])
def test_files_that_are_no_study_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.json"
    path.write_text(text)
    with pytest.raises(InputError):
        load_study(path)


def test_a_row_must_fit_the_columns_and_name_its_evidence() -> None:
    with pytest.raises(InputError, match="without a column"):
        Study("tiny", COLUMNS, ({"evidence": "host", "speed": 1.0},), (), quick=True)
    with pytest.raises(InputError, match="evidence"):
        Study("tiny", COLUMNS, ({"flavour": "tflite-int8"},), (), quick=True)
    with pytest.raises(InputError, match="evidence"):
        Column("flavour", "text", "hearsay", "which")


def test_the_text_shows_figures_bars_and_the_machine() -> None:
    text = study(bar(0.95), bar(0.5)).as_text()
    for wanted in ("91,656", "91.80%", "MISSED", "1 of 2 bars hold", "seeded sample", "load average 0.5"):
        assert wanted in text
    assert "not run" not in text
    assert "not run" in study(bar(None)).as_text()


def test_the_machine_is_described_without_the_name_of_the_host() -> None:
    import platform

    document = json.dumps(Study("tiny", COLUMNS, (), (bar(1.0),), quick=True).as_dict())
    assert '"cores"' in document
    assert platform.node() not in document or not platform.node()
