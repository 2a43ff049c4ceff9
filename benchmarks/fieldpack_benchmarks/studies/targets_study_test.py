"""The study of targets in small, and that each of its bars can be missed."""

from __future__ import annotations

import copy
import json
import os
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record
from fieldpack.verdict import AT_MOST, Evidence, Figure, Outcome, judge
from fieldpack.verdict_files.judged import Judged
from fieldpack.verdict_files.junit import as_junit
from fieldpack.verdict_files.sarif import as_sarif
from fieldpack_benchmarks.latency.comparison import Comparison
from fieldpack_benchmarks.studies import target_bundles, target_pairs, targets
from fieldpack_benchmarks.studies.target_files import junit_faults, sarif_faults
from fieldpack_benchmarks.studies.target_gates import CHANGES, Gated, nothing
from fieldpack_benchmarks.studies.target_pairs import Compared, PairedMachine, Planted, slower_file
from fieldpack_benchmarks.studies.targets import Disturbed, Repeated
from fieldpack_benchmarks.study import load_study
from fieldpack_benchmarks.targets import sysroot
from fieldpack_benchmarks.targets.counting import InstructionCount
from fieldpack_benchmarks.targets.qemu import QemuTransport
from fieldpack_benchmarks.targets.runner.build import built_runner
from fieldpack_benchmarks.targets.small_models import small_network

FEW_PAIRS = 8


@pytest.fixture
def emulator() -> None:
    """Skip where a part of the emulation is missing."""
    try:
        QemuTransport("cortex-a76")
        built_runner("aarch64", sysroot.arm64_library())
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")


@pytest.mark.full
@pytest.mark.usefixtures("emulator")
def test_the_study_counts_gates_benches_and_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(targets.MORE_TARGETS, raising=False)
    monkeypatch.setattr(target_pairs, "PAIRS", FEW_PAIRS)
    monkeypatch.setattr(targets, "QUICK_WIDTHS", (8,))
    monkeypatch.setattr(targets, "QUICK_COMPARISONS", 2)
    study = targets.study(True, nothing)
    rows = {(row["part"], row["case"]): row for row in study.rows}
    assert [name for part, name in rows if part == "gate"] == [item.name for item in CHANGES]
    for kind in targets.FARTHER:
        assert rows["roads", kind]["outcome"] == "not_run"
    assert rows["pairs", "with itself"]["runs"] == 2
    assert {len(item.values) for item in study.timings} == {FEW_PAIRS}
    timed = {"alarms of a model compared with itself", "slowdown that is planted", "planted slowdowns found"}
    untimed = {bar.name: bar for bar in study.bars if bar.name not in timed}
    assert len(untimed) == 9
    assert all(bar.holds for bar in untimed.values()), untimed
    path = tmp_path / "study.json"
    path.write_text(json.dumps(study.as_dict()))
    assert load_study(path).bars == study.bars


def test_a_bundle_of_a_network_answers_as_the_network_does(tmp_path: Path) -> None:
    path = target_bundles.bundle_of(small_network(quantised=True), tmp_path / "small")
    with open_bundle(path) as bundle:
        (flavour,) = bundle.manifest.flavours
        assert flavour.inputs[0].quantization is not None
        assert bundle.flavour_golden(flavour.name)["scores"].shape == (target_bundles.EXAMPLES, 10)


@pytest.mark.skipif(platform.system() != "Linux", reason="looks into /proc: run it on Linux")
def test_disturbing_processes_are_gone_afterwards() -> None:
    before = _children()
    with target_pairs.disturbed() as cores:
        assert cores == len(os.sched_getaffinity(0))
        mine = _children() - before
        assert len(mine) == cores
    assert not mine & _children()


def _children() -> set[str]:
    """Processes whose parent is this one."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = path.joinpath("stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(os.getpid()):
            found.add(path.name)
    return found


# -- each bar can be missed ----------------------------------------------------------------------------------


def _count(value: int) -> InstructionCount:
    return InstructionCount(value, (value,) * 3, "cpu", "counter", "runtime", "", "", (), 5, 5, ())


@pytest.mark.parametrize(
    ("quantised", "counts", "missed"),
    [
        (True, (10**6, 10**6), set()),
        (True, (10**6, 10**6 + 1), {"int8: largest spread of the counts"}),
        (False, (10**6, 10**6 + 10), set()),
        (False, (10**6, 10**6 + 11), {"float32: largest spread of the counts"}),
    ],
)
def test_a_count_that_does_not_repeat_misses_its_bar(
    quantised: bool, counts: tuple[int, ...], missed: set[str]
) -> None:
    steady = [Repeated("steady", kind, (_count(5), _count(5))) for kind in (True, True, False)]
    changed = Repeated("changed", quantised, tuple(map(_count, counts)))
    bars = targets._count_bars([*steady, changed], True)
    assert {bar.name for bar in bars if not bar.holds} == missed


def _comparison(low: float, high: float) -> Compared:
    return Compared(Comparison((low * high) ** 0.5, low, high, 40), (), ())


SAID_SLOWER, SAID_FASTER, SAID_NOTHING = (
    _comparison(*pair) for pair in ((1.01, 1.2), (0.8, 0.9), (0.9, 1.1))
)


@pytest.mark.parametrize(
    ("alarms", "found", "holds"),
    [
        ([SAID_SLOWER] * 2 + [SAID_FASTER] * 3, 95, [True, True]),
        ([SAID_SLOWER] * 3 + [SAID_FASTER] * 3, 94, [False, False]),
    ],
)
def test_alarms_of_both_kinds_and_missed_slowdowns_count(
    alarms: list[Compared], found: int, holds: list[bool]
) -> None:
    same = Disturbed("with itself", (*alarms, *[SAID_NOTHING] * (100 - len(alarms))))
    slower = Disturbed("planted", (*[SAID_SLOWER] * found, *[SAID_FASTER] * (100 - found)))
    plant = Planted(3, _comparison(1.05, 1.12))
    assert [bar.holds for bar in targets._pair_bars(plant, (same, slower))] == [holds[0], True, holds[1]]


class _StandIn(PairedMachine):
    """A machine on which each more layer costs so much."""

    def __init__(self, cost: float) -> None:
        self._cost = cost

    def compared(self, new: str, seed: int) -> Compared:
        ratio = 1 + self._cost * [slower_file(more) for more in range(9)].index(new)
        return _comparison(ratio, ratio)


@pytest.mark.parametrize(
    ("cost", "layers", "honest"), [(0.02, 4, True), (0.03, 3, True), (0.09, 1, True), (0.2, 1, False)]
)
def test_the_planted_slowdown_is_the_largest_of_at_most_a_tenth(
    cost: float, layers: int, honest: bool
) -> None:
    plant = _StandIn(cost).planted(0)
    same = Disturbed("with itself", (SAID_NOTHING,))
    assert plant.layers == layers
    assert targets._pair_bars(plant, (same, same))[1].holds == honest


def _record(target: str, **changed: Any) -> Record:
    values: dict[str, Any] = {
        "schema": SCHEMA, "taken": "2026-01-02T03:04:05Z", "target": target, "evidence": "emulated",
        "bundle": {"name": "small", "version": "1", "digest": "0" * 64},
        "flavour": {"name": "tflite-int8", "kind": "tflite", "digest": "0" * 64},
        "outcome": "measured", "instructions": 10, "outputs": {"scores": "a" * 64},
        "runner": {"kind": "c", "runtime": "LiteRT", "processor": "cpu", "threads": 1},
    }  # fmt: skip
    return validated(Record, values | changed, "test", InputError)


FAILED: dict[str, Any] = {"outcome": "failed", "reason": "lost", "evidence": "not_run", "runner": None}


def test_a_road_with_other_answers_or_too_few_roads_miss_their_bars() -> None:
    good = [_record(name) for name in targets.ROADS]
    other = _record("host", outputs={"scores": "b" * 64})
    lost = _record("host", **FAILED)
    assert [bar.holds for bar in targets._road_bars(good)] == [True, True]
    assert [bar.holds for bar in targets._road_bars([other, *good[1:]])] == [True, False]
    assert [bar.holds for bar in targets._road_bars([lost, *good[1:]])] == [False, True]
    assert [bar.holds for bar in targets._road_bars([lost])] == [False, False]


def _gated(number: int, outcome: Outcome, code: int, broken: tuple[str, ...], reason: str = "") -> Gated:
    after = _record("qemu-arm64:cortex-a76", **(FAILED | {"reason": reason} if reason else {}))
    return Gated(CHANGES[number], _record("host"), after, code, outcome, broken, (), ())


def test_a_gate_is_right_only_with_the_verdict_the_limits_and_the_reason_of_its_change() -> None:
    fell = ("instructions.x", "outside_delegate.x")
    refused = "XNNPACK ran no operator on x"
    assert _gated(0, Outcome.PASS, 0, ()).right
    assert not _gated(0, Outcome.FAIL, 1, fell[:1]).right
    assert _gated(2, Outcome.FAIL, 1, fell).right
    assert not _gated(2, Outcome.FAIL, 1, fell[:1]).right
    assert not _gated(2, Outcome.FAIL, 0, fell).right
    assert not _gated(2, Outcome.NOT_RUN, 4, fell).right
    assert _gated(5, Outcome.NOT_RUN, 4, fell, refused).right
    assert not _gated(5, Outcome.NOT_RUN, 4, fell, "qemu is gone").right
    missed = [_gated(0, Outcome.FAIL, 1, fell), _gated(2, Outcome.PASS, 0, ())]
    assert [bar.holds for bar in targets._gate_bars(missed)] == [False, False]


# -- files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def judged() -> Judged:
    verdicts = [
        judge(Figure(name, value, "count", Evidence.EMULATED), limit, AT_MOST, subject="tflite-int8")
        for name, value, limit in (("kept", 5, 5), ("broken", 6, 5), ("unknown", None, 5))
    ]
    return Judged("small", "1.0.0", "0" * 64, Path("small.fieldpack"), Outcome.FAIL, verdicts)


def _told(judged: Judged) -> list[dict[str, Any]]:
    return [verdict.as_dict() for verdict in judged.verdicts]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("testsuites", "testsuits"), ('tests="3"', 'tests="2"'),
        ('failures="1"', 'failures="0"'), ('errors="1"', ""), ('skipped="0"', 'skipped="1"'),
        ('classname="small.tflite-int8"', ""), ('time="0"', 'time="soon"'), ("system-out>", "output>"),
        ("message=", "m="),
    ],
)  # fmt: skip
def test_a_fault_in_junit_is_found(judged: Judged, old: str, new: str) -> None:
    text, told = as_junit(judged), _told(judged)
    assert list(junit_faults(text, told)) == []
    assert old in text
    assert list(junit_faults(text.replace(old, new), told))
    assert list(junit_faults(text, told[:2]))


Edit = Callable[[dict[str, Any]], Any]
FAULTS: list[Edit] = [
    lambda log: log.update(version="2.0.0"),
    lambda log: log.pop("$schema"),
    lambda log: log["runs"].clear(),
    lambda log: log["runs"][0]["tool"]["driver"].pop("name"),
    lambda log: log["runs"][0]["tool"]["driver"]["rules"][0].pop("id"),
    lambda log: log["runs"][0]["invocations"][0].pop("executionSuccessful"),
    lambda log: log["runs"][0].pop("results"),
    lambda log: log["runs"][0]["results"].pop(),
    lambda log: log["runs"][0]["results"][0].update(level="fatal"),
    lambda log: log["runs"][0]["results"][0].update(ruleIndex=9),
    lambda log: log["runs"][0]["results"][0].update(message={}),
    lambda log: log["runs"][0]["results"][0].update(locations=[{}]),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_a_fault_in_sarif_is_found(judged: Judged, number: int) -> None:
    log, told = as_sarif(judged), _told(judged)
    assert list(sarif_faults(log, told)) == []
    changed = copy.deepcopy(log)
    FAULTS[number](changed)
    assert list(sarif_faults(changed, told))


def test_faults_in_files_miss_their_bars() -> None:
    good = _gated(0, Outcome.PASS, 0, ())
    assert [bar.holds for bar in targets._file_bars([good])] == [True, True]
    assert [bar.holds for bar in targets._file_bars([good, replace(good, sarif=("no runs",))])] == [
        True,
        False,
    ]
