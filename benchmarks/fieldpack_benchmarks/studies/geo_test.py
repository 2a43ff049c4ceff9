"""The parts of the whole of geo."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.gathered import FOLDER
from fieldpack_benchmarks.studies import geo
from fieldpack_benchmarks.study import Bar, Study

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


def test_the_parts_of_geo_are_entry_points() -> None:
    points = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]["fieldpack.studies"]
    assert {name: points[name] for name in geo.PARTS} == geo.PARTS
    assert points["geo"] == "fieldpack_benchmarks.studies.geo:study"


def test_finished_parts_are_read_and_a_missed_bar_stays_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    for value, name in enumerate(geo.PARTS):
        bar = Bar("a bar", float(value), 0.5, AT_MOST, Evidence.HOST)
        record = Study(name=name, columns=(), rows=(), bars=(bar,), quick=False).as_dict()
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
    found = geo.study(False, nothing)
    assert [row["origin"] for row in found.rows] == [f"{name}.json" for name in geo.PARTS]
    assert [bar.holds for bar in found.bars] == [True, *[False] * (len(geo.PARTS) - 1)]
    assert not found.holds
