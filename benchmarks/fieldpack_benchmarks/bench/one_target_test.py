"""Records of this machine, with readings of heat and clock that it does not have."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.errors import InputError
from fieldpack.records.record import Flag, Record, RunOutcome
from fieldpack.records.validity import Plan
from fieldpack.testing import tiny_bundle
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.bench import commands, curves, one_target
from fieldpack_benchmarks.bench.one_target import Wish, bench_flavour
from fieldpack_benchmarks.targets import Target, TargetKind, counting, model_run, qemu
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.protocol import RunReport, parse_run

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="runs Linux programs: run it on Linux")
STEPS = Plan(warm_ups=1, samples=1, seconds=0.02, shortest_s=0.02, rounds=4)
SHORT = Plan(warm_ups=1, samples=8, seconds=5.0, shortest_s=0.0, rounds=3)
COOL = {"thermal_zone0:cpu": "41000", "cpu0_khz": "2800000"}
Tell = Callable[[list[dict[str, str]]], None]


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    with open_bundle(tiny_bundle(tmp_path / "tiny.fieldpack")) as opened:
        yield opened


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Readings that this machine gives, one after the other, the last again and again."""

    def told(readings: list[dict[str, str]]) -> None:
        own, rest = HostTransport.facts, list(readings)

        def facts(self: HostTransport) -> TargetFacts:
            return replace(own(self), readings=rest.pop(0) if len(rest) > 1 else rest[0])

        monkeypatch.setattr(HostTransport, "facts", facts)

    return told


def bench(
    bundle: Bundle, records: Path, plan: Plan = SHORT, mode: str = "quick", target: str = "host"
) -> Record:
    (flavour,) = bundle.manifest.flavours
    return bench_flavour(bundle, flavour, target, Wish(mode, plan, 1, records))


@pytest.mark.parametrize(
    ("behind", "flagged"),
    [
        (COOL, False),
        (COOL | {"cpu0_khz": "1400000"}, True),
        (COOL | {"thermal_zone0:cpu": "91"}, True),
    ],
)
def test_heat_behind_any_round_is_flagged(
    bundle: Bundle, tell: Tell, behind: dict[str, str], flagged: bool, tmp_path: Path
) -> None:
    tell([COOL, COOL, behind, COOL])
    record = bench(bundle, tmp_path / "records")
    assert len(record.rounds) == 3, record.reason
    assert (Flag.THROTTLED in record.flags) is flagged


def test_a_sustained_run_keeps_a_step_a_process_with_its_heat(
    bundle: Bundle, tell: Tell, tmp_path: Path
) -> None:
    warm, hot = COOL | {"thermal_zone0:cpu": "62500"}, {"thermal_zone0:cpu": "88", "cpu0_khz": "1900000"}
    tell([COOL, warm, {}, hot])
    record = bench(bundle, tmp_path, STEPS, "sustained")
    assert record.curve is not None, record.reason
    assert record.curve.temperatures == (62.5, None, 88.0, 88.0)
    assert record.curve.clocks_khz == (2_800_000, None, 1_900_000, 1_900_000)
    assert record.curve.medians_ms == pytest.approx([item.latency_ms for item in record.rounds])
    assert (record.mode, record.curve.step_s, Flag.THROTTLED in record.flags) == ("sustained", 0.02, True)
    lengths = [later - sooner for sooner, later in pairwise((0.0, *record.curve.began_s))]
    assert lengths[0] == 0
    assert min(lengths[1:]) >= 0.02


def test_every_step_is_told_and_a_full_runner_ends_a_run_at_once(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    (flavour,) = bundle.manifest.flavours
    wish = Wish("sustained", STEPS, 1, tmp_path, lambda done, of: told.append((done, of)))
    assert bench_flavour(bundle, flavour, "host", wish).curve
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    told.clear()
    monkeypatch.setattr(curves, "MOST_RUNS", 5)
    assert "too fast for steps of 0.02 s" in bench_flavour(bundle, flavour, "host", wish).reason
    assert told == []


def test_a_clock_that_runs_backwards_between_two_steps_is_no_curve(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own, later = parse_run, iter([10**18, 10**17])

    def restarted(*given: Any) -> RunReport:
        return replace(own(*given), started_ns=next(later))

    monkeypatch.setattr(model_run, "parse_run", restarted)
    record = bench(bundle, tmp_path, STEPS, "sustained")
    assert record.outcome is RunOutcome.FAILED
    assert "clock of host ran backwards between two steps" in record.reason


def test_a_target_that_tells_nothing_keeps_nothing(bundle: Bundle, tell: Tell, tmp_path: Path) -> None:
    tell([{}])
    record = bench(bundle, tmp_path, STEPS, "sustained")
    assert record.curve is not None, record.reason
    assert (record.curve.temperatures, record.curve.clocks_khz) == ((), ())
    assert Flag.THROTTLED not in record.flags


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is missing: apt-get install valgrind")
def test_callgrind_counts_and_tells_no_time(bundle: Bundle, tmp_path: Path) -> None:
    record = bench(bundle, tmp_path, target="callgrind")
    assert record.instructions is not None, record.reason
    assert (record.evidence.value, record.mode, record.rounds) == ("emulated", "count", ())
    assert record.runner is not None
    assert record.runner.processor.startswith(platform.machine())
    assert (record.runner.emulator or "").startswith("valgrind-")
    assert record.golden_gap == pytest.approx(0, abs=1e-6)


def test_without_qemu_the_other_count_is_told(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(counting, "built_plugin", lambda: tmp_path / "plugin")
    monkeypatch.setattr(qemu, "prefix", lambda cpu: tmp_path)
    record = bench(bundle, tmp_path, target="qemu-arm64:cortex-a76")
    assert record.outcome is RunOutcome.NOT_RUN
    assert "apt-get install qemu-user" in record.reason
    assert "--on callgrind" in record.reason


def test_the_only_device_is_recorded_by_its_serial(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(target: Target) -> HostTransport:
        made = HostTransport()
        made.place = "adb:R5CT20" if target.kind is TargetKind.ADB else "host"
        return made

    monkeypatch.setattr(one_target, "open_target", opened)
    monkeypatch.setattr(model_run, "evidence_of", lambda place, facts: Evidence.DEVICE)
    assert bench(bundle, tmp_path, target="adb").target == "adb:R5CT20"


def test_without_a_device_the_record_says_so(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adb").write_text("#!/bin/sh\nprintf 'List of devices attached\\n\\n'\n")
    (tmp_path / "adb").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    record = bench(bundle, tmp_path, target="adb")
    assert (record.target, record.outcome) == ("adb", RunOutcome.FAILED)
    assert "exactly one device" in record.reason


@pytest.mark.parametrize("target", ["qemu-arm64:cortex-a76", "callgrind"])
def test_an_emulated_processor_is_not_sustained(bundle: Bundle, tmp_path: Path, target: str) -> None:
    record = bench(bundle, tmp_path, STEPS, "sustained", target)
    assert (record.outcome, record.curve) == (RunOutcome.NOT_RUN, None)
    assert "no heat" in record.reason


def test_a_run_without_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a golden vector"):
        commands.run(tmp_path / "none", ["host"], [], "quick", 0, tmp_path, lambda *_: None)


@pytest.mark.parametrize(
    ("mode", "minutes", "words"),
    [("quick", 1.0, "minutes are of sustained mode"), ("sustained", 0.0, "sustained for so long")],
)
def test_minutes_are_checked_before_anything_runs(
    mode: str, minutes: float, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        commands.run(tmp_path / "none", ["host"], [], mode, 1, tmp_path, lambda *_: None, minutes)
