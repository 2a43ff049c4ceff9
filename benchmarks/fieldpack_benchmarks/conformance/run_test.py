"""Running: what was done is not done again, a crash costs one test; and coremltools' own tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fieldpack.errors import UnsupportedError, WorkerError
from fieldpack_benchmarks.conformance import masquerade, run
from fieldpack_benchmarks.conformance.record import Outcome, Record, append
from fieldpack_benchmarks.conformance.sample import Draw
from fieldpack_benchmarks.conformance.summary import tally

SEED = 20261126
COUNT = 40
IDS = [f"f.py::test_{number}" for number in range(7)]


class Processes:
    """Stands for the test processes: records each test, ends at the deadly one."""

    def __init__(self, deadly: str = "") -> None:
        self.deadly = deadly
        self.ran: list[str] = []

    def __call__(
        self, arguments: Sequence[str], configuration: str, seconds: float
    ) -> tuple[int | None, str]:
        options = dict(item.removeprefix("--conformance-").split("=", 1) for item in arguments if "=" in item)
        for name in json.loads(Path(options["ids"]).read_text()):
            self.ran.append(name)
            if name == self.deadly:
                return -11, "Segmentation fault"
            append(Path(options["out"]), Record(name, Outcome.PASSED, True))
        return 0, ""


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = Processes()
    monkeypatch.setattr(run, "_run_process", tests)
    monkeypatch.setattr(run, "CHUNK", 3)
    results = tmp_path / "deep" / "run.jsonl"
    run.run_tests(IDS[:4], "fp32", results, nothing)
    found = run.run_tests(IDS, "fp32", results, nothing)
    assert tests.ran == IDS
    assert list(found) == IDS


def test_a_crash_costs_one_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = Processes(deadly=IDS[2])
    monkeypatch.setattr(run, "_run_process", tests)
    found = run.run_tests(IDS, "fp32", tmp_path / "run.jsonl", nothing)
    assert [name for name, record in found.items() if record.outcome is Outcome.CRASHED] == [IDS[2]]
    assert "Segmentation fault" in found[IDS[2]].message
    assert tests.ran == IDS


def test_a_small_sample_that_ends_early_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run_process", lambda *_: (None, "slow"))
    with pytest.raises(WorkerError, match="ended early"):
        run.run_draw(Draw("ops", "fp32", 1, 5), tmp_path / "run.jsonl")


def test_another_major_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other: Any = ModuleType("coremltools")
    other.__version__ = "10.1"
    monkeypatch.setitem(sys.modules, "coremltools", other)
    with pytest.raises(UnsupportedError, match=r"10\.1"):
        masquerade.pretend_macos(object)


@pytest.mark.full
def test_a_sample_of_coremltools_own_tests_has_no_new_failure(tmp_path: Path) -> None:
    draw = Draw("mixed", "fp32", per_function=1, count=COUNT, seed=SEED)
    counted = tally(draw, run.run_draw(draw, tmp_path / "run.jsonl"))
    assert [f"{record.id}: {record.message}" for record in counted.new] == []
    assert not counted.stale
    assert counted.tests == COUNT
    assert counted.reached > COUNT // 2
    assert len(counted.operators) > COUNT // 4
