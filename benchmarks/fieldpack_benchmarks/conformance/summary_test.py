"""Records, deviations and counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fieldpack.errors import InputError
from fieldpack_benchmarks.conformance import deviations
from fieldpack_benchmarks.conformance.deviations import Cause, Deviation
from fieldpack_benchmarks.conformance.record import Outcome, Record, append, read_records
from fieldpack_benchmarks.conformance.sample import Draw
from fieldpack_benchmarks.conformance.summary import never_executed, tally
from fieldpack_benchmarks.studies.coreml_conformance import study_of

ADD = Record("f.py::test_add[fp16]", Outcome.PASSED, True, ("add", "const"), ("interpreter",), "fp16", 0.1)
DEFAULT = Draw("ops", "default", per_function=5)
LISTED = Deviation(r"test_exp\[", ("default",), Cause.TOLERANCE, "a reason", 0.1)
MISSED = "Not equal to tolerance | Max absolute difference among violations: 1.5e-02 | Max relative"
RECORDS = (
    ADD,
    replace(ADD, id="f.py::test_exp[1]", outcome=Outcome.FAILED, operators=("exp",), message=MISSED),
    replace(ADD, id="f.py::test_log", outcome=Outcome.CRASHED, operators=("log",)),
    replace(ADD, id="f.py::test_late", outcome=Outcome.OVERTIME, operators=()),
    replace(ADD, id="f.py::test_odd", outcome=Outcome.XFAILED, operators=("sin",)),
    replace(ADD, id="f.py::test_eval", outcome=Outcome.PASSED, reached=False, operators=()),
    replace(ADD, id="f.py::test_old", outcome=Outcome.FAILED, reached=False, operators=()),
)


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deviations, "deviations", lambda: (LISTED,))


def by_id(records: tuple[Record, ...] = RECORDS) -> dict[str, Record]:
    return {record.id: record for record in records}


def test_only_tests_that_reached_the_runtime_count() -> None:
    counted = tally(DEFAULT, by_id())
    assert (counted.tests, counted.reached, counted.passed, counted.failed) == (7, 5, 1, 3)
    assert (counted.expected, counted.unreached, len(counted.broken)) == (1, 1, 1)
    assert counted.share == 0.25
    assert [record.id for record in counted.known] == ["f.py::test_exp[1]"]
    assert counted.causes == {"tolerance": 1}
    assert counted.share_without_tolerance == pytest.approx(1 / 3)
    assert [record.id for record in counted.new] == ["f.py::test_log", "f.py::test_late"]


def test_an_entry_of_another_configuration_does_not_excuse() -> None:
    assert not tally(replace(DEFAULT, configuration="fp32"), by_id()).known


def test_an_entry_does_not_excuse_a_larger_difference() -> None:
    larger = replace(RECORDS[1], message=MISSED.replace("1.5e-02", "0.11"))
    assert tally(DEFAULT, by_id((larger,))).new == (larger,)
    crash = replace(RECORDS[1], outcome=Outcome.CRASHED, message="Segmentation fault")
    assert tally(DEFAULT, by_id((crash,))).new == (crash,)


def test_an_entry_whose_tests_pass_is_stale() -> None:
    assert not tally(DEFAULT, by_id()).stale
    passing = tuple(replace(record, outcome=Outcome.PASSED) for record in RECORDS)
    assert tally(DEFAULT, by_id(passing)).stale == (LISTED,)
    assert not tally(DEFAULT, by_id(passing[:1])).stale, "none of its tests ran"


def test_an_operator_counts_as_executed_in_a_passed_test_only() -> None:
    counted = tally(DEFAULT, by_id())
    assert never_executed([counted], ("add", "const", "exp", "log")) == ["exp", "log"]


def test_a_new_failure_fails_the_study_and_is_named() -> None:
    study = study_of([tally(DEFAULT, by_id())], quick=True)
    assert not study.holds
    assert any(note.startswith("new: f.py::test_log") for note in study.notes)
    known = tally(DEFAULT, by_id(RECORDS[:2]))
    assert study_of([known], quick=True).holds
    assert not study_of([known], quick=False).holds, "one of two is no 99.5 %"


def test_records_come_back_and_the_last_of_an_id_counts(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for record in (*RECORDS, replace(ADD, outcome=Outcome.FAILED)):
        append(path, record)
    found = read_records(path)
    assert list(found.values())[1:] == list(RECORDS[1:])
    assert found[ADD.id].outcome is Outcome.FAILED


def test_a_cut_off_line_is_run_again_and_a_broken_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(ADD.as_line() + ADD.as_line()[:20])
    assert read_records(path) == {ADD.id: ADD}
    path.write_text("{}\n" + ADD.as_line())
    with pytest.raises(InputError, match="line 1"):
        read_records(path)


def test_the_list_in_the_package_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    entries = deviations.deviations()
    assert entries
    assert len({(entry.tests, entry.configurations) for entry in entries}) == len(entries)


@pytest.mark.parametrize(
    "entry",
    [
        {"tests": "a", "cause": "test"},
        {"tests": "a", "cause": "test", "reason": " "},
        {"tests": "a", "cause": "bad luck", "reason": "b"},
        {"tests": "a", "cause": "tolerance", "reason": "b"},
        {"tests": "a", "cause": "test", "reason": "b", "largest_difference": 0.1},
        {"tests": "a(", "cause": "test", "reason": "b"},
        {"tests": "a", "cause": "test", "reason": "b", "configurations": ["fp8"]},
        {"tests": "a", "cause": "test", "reason": "b", "until": "c"},
    ],
)
def test_a_malformed_entry_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not valid"):
        deviations._read(entry)
