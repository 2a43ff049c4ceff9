from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import Bundle
from fieldpack.errors import InputError
from fieldpack.phone_projects.results import import_results, read_results
from fieldpack.records.record import Flag, Record, RunOutcome
from fieldpack.records.store import read
from fieldpack.verdict import Evidence

STARTED = 1_767_323_045_000  # 2026-01-02T03:04:05Z
TARGET = "adb:R58N90"
Change = Callable[[dict[str, Any]], None]


def device(model: str, system: str, version: str, processor: str) -> dict[str, Any]:
    """A real phone."""
    told = {"model": model, "system": system, "version": version, "processor": processor}
    return told | {"emulated": False}


def line(bundle: Bundle, number: int = 1, **changed: Any) -> dict[str, Any]:
    """One good round on an Android phone; `changed` fields replace those."""
    flavour = bundle.manifest.flavours[0]
    samples = [1.0 + 0.001 * (place % 7) for place in range(1024)]
    middle, ninety, most = np.percentile(samples, [50, 90, 99])
    started = STARTED + 10_000 * (number - 1)
    values: dict[str, Any] = {
        "schema": "fieldpack-phone/1",
        "bundle": {"name": "tiny", "version": "1.0.0", "digest": bundle.digest},
        "flavour": {"name": flavour.name, "kind": "tflite", "digest": flavour.digest},
        "round": number,
        "device": device("Maker X1", "Android", "16", "S 8"),
        "runner": {"kind": "instrumentation", "runtime": "LiteRT 2.3.0", "threads": 1},
        "started_ms": started,
        "ended_ms": started + 2000,
        "thermal_before": "none",
        "thermal_after": "none",
        "outcome": "measured",
        "golden": [{"output": "scores", "difference": 5e-7}],
        "outputs": {"scores": "c" * 64},
        "load_ms": 3.5,
        "first_run_ms": 1.5,
        "warm_ups_ms": [1.1] * 10,
        "samples_ms": samples,
        "p50_ms": float(middle),
        "p90_ms": float(ninety),
        "p99_ms": float(most),
        "peak_memory_bytes": 4096,
    }  # fmt: skip
    return values | changed


def written(path: Path, *lines: dict[str, Any]) -> Path:
    """A result file."""
    path.write_text("".join(json.dumps(item) + "\n" for item in lines))
    return path


def five(bundle: Bundle, **changed: Any) -> list[dict[str, Any]]:
    """The rounds of a full run; `changed` holds for the last."""
    return [line(bundle, number) for number in range(1, 5)] + [line(bundle, 5, **changed)]


def test_five_rounds_are_one_record_of_a_device(bundle: Bundle, tmp_path: Path) -> None:
    (record,) = read_results(written(tmp_path / "r", *five(bundle)), bundle, TARGET)
    assert (record.target, record.evidence, record.taken) == (TARGET, Evidence.DEVICE, "2026-01-02T03:04:05Z")
    assert record.runner is not None
    assert (record.runner.kind, record.runner.processor) == ("instrumentation", "S 8")
    assert [item.samples for item in record.rounds] == [1024] * 5
    assert record.rounds[0].latency_ms == pytest.approx(1.003)
    assert (record.outcome, record.flags, record.outputs) == (RunOutcome.MEASURED, (), {"scores": "c" * 64})
    assert (record.examples, record.golden_gap) == (5, 5e-7)


def test_an_iphone_is_read_as_such(bundle: Bundle, tmp_path: Path) -> None:
    flavour = bundle.manifest.flavours[1]
    changed = line(
        bundle,
        flavour={"name": flavour.name, "kind": "coreml", "digest": flavour.digest},
        device=device("iPhone17,1", "iOS", "18.1.0", "iPhone17,1"),
        runner={"kind": "xctest", "runtime": "Core ML of iOS 18.1.0, all", "threads": 1},
        thermal_before="fair",
    )  # fmt: skip
    path = written(tmp_path / "r", changed)
    (record,) = read_results(path, bundle, "ios:0001")
    assert record.runner is not None
    assert (record.runner.kind, record.flags) == ("xctest", (Flag.TOO_FEW_SAMPLES,))
    with pytest.raises(InputError, match="no such device"):
        read_results(path, bundle, TARGET)


def test_a_second_session_is_a_second_record(bundle: Bundle, tmp_path: Path) -> None:
    later = line(bundle, started_ms=STARTED + 90_000, ended_ms=STARTED + 99_000)
    records = read_results(written(tmp_path / "r", *five(bundle), later), bundle, TARGET)
    assert [len(record.rounds) for record in records] == [5, 1]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"golden": [{"output": "scores", "difference": 2e-6}]}, "scores is off by 2e-06, admitted 1e-06"),
        ({"round": 6}, "round 5 left no line"),
        ({"golden": [{"output": "scores", "difference": None}]}, "off by None"),
        ({"golden": [{"output": "scores"}]}, "off by None"),
        ({"golden": []}, "did not check output scores"),
        ({"outcome": "failed", "reason": "UnsatisfiedLinkError: no\nlibrary"}, "round 5: Unsatisfied"),
    ],
)
def test_a_wrong_answer_on_the_phone_is_a_failed_record(
    bundle: Bundle, tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    (record,) = read_results(written(tmp_path / "r", *five(bundle, **changed)), bundle, TARGET)
    assert (record.outcome, record.rounds) == (RunOutcome.FAILED, ())
    assert reason in record.reason


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"thermal_after": "light"}, Flag.THROTTLED),
        ({"thermal_before": "serious"}, Flag.THROTTLED),
        ({"warm_ups_ms": [1.0] * 9}, Flag.TOO_FEW_SAMPLES),
        ({"samples_ms": [2.0] * 999, "p50_ms": 2.0, "p90_ms": 2.0, "p99_ms": 2.0}, Flag.TOO_FEW_SAMPLES),
        ({"samples_ms": [1.0, 2.0] * 512, "p50_ms": 1.5, "p90_ms": 2.0, "p99_ms": 2.0}, Flag.UNSTABLE),
    ],
)
def test_what_speaks_against_a_run_is_flagged(
    bundle: Bundle, tmp_path: Path, changed: dict[str, Any], flag: Flag
) -> None:
    (record,) = read_results(written(tmp_path / "r", *five(bundle, **changed)), bundle, TARGET)
    assert (record.outcome, record.flags) == (RunOutcome.MEASURED, (flag,))


def test_a_first_round_that_died_is_told(bundle: Bundle, tmp_path: Path) -> None:
    (record,) = read_results(written(tmp_path / "r", line(bundle, 3)), bundle, TARGET)
    assert record.reason == "round 1 left no line: its process crashed or was killed"


def test_outputs_on_which_rounds_disagree_have_no_digest(bundle: Bundle, tmp_path: Path) -> None:
    lines = five(bundle, outputs={"scores": "d" * 64})
    (record,) = read_results(written(tmp_path / "r", *lines), bundle, TARGET)
    assert record.outputs == {}


def other(field: str, part: str, value: Any) -> Change:
    """Change a part of a field."""

    def change(values: dict[str, Any]) -> None:
        values[field] = values[field] | {part: value}

    return change


def put(**changed: Any) -> Change:
    """Change fields."""
    return lambda values: values.update(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other("bundle", "digest", "e" * 64), "another bundle"),
        (other("flavour", "digest", "e" * 64), "another flavour"),
        (other("flavour", "name", "tflite-int8"), "another flavour"),
        (other("device", "emulated", True), "no phone"),
        (other("device", "system", "iOS"), "no such device"),
        (other("device", "model", "Maker X2"), "two phones"),
        (put(schema="fieldpack-phone/2"), "another schema"),
        (put(round=4), "out of turn"),
        (put(round=3), "out of turn"),
        (put(started_ms=STARTED), "ran backwards"),
        (put(ended_ms=STARTED), "ran backwards"),
        (put(ended_ms=STARTED + 40_100), "ran backwards"),
        (put(p50_ms=0.9), "do not follow"),
        (put(load_ms=float("nan")), "NaN is no number"),
        (put(first_run_ms=float("inf")), "Infinity is no number"),
        (put(samples_ms=[1.0, -1.0]), "samples_ms"),
        (put(samples_ms=[]), "times and samples"),
        (put(thermal_after="warm"), "no such thermal state"),
        (put(outcome="failed"), "says why"),
        (put(outcome="not_run", reason="x"), "did not run"),
        (put(speed=1), "unknown field"),
    ],
)
def test_a_file_that_cannot_be_true_is_refused_with_its_line(
    bundle: Bundle, tmp_path: Path, change: Change, message: str
) -> None:
    lines = five(bundle)
    change(lines[-1])
    with pytest.raises(InputError, match=message) as refusal:
        read_results(written(tmp_path / "r", *lines), bundle, TARGET)
    assert "r line 5" in str(refusal.value)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-20], "cut off"),
        (lambda data: b"", "cut off"),
        (lambda data: data.replace(b'"load_ms": 3.5', b'"load_ms": 1e999', 1), "load_ms"),
        (lambda data: data[:300] + b"\n" + data[300:], "no JSON"),
        (lambda data: data + b"\n", "no JSON"),
        (lambda data: data + b"[]\n", "another schema"),
        (lambda data: data + b"[" * 100_000 + b"\n", "no JSON"),
        (lambda data: data.replace(b'"round": 5', b'"round": 1000000000000'), "round"),
        (lambda data: data.replace(b'"ended_ms": 1', b'"ended_ms": 1000000', 1), "ended_ms"),
        (lambda data: data + b"\xff\n", "cannot be read"),
    ],
)
def test_damage_is_refused(
    bundle: Bundle, tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    path = written(tmp_path / "r", *five(bundle))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=message):
        read_results(path, bundle, TARGET)


@pytest.mark.parametrize("target", ["host", "adb:", "ssh:pi", "phone"])
def test_a_target_that_is_no_phone_is_refused(bundle: Bundle, tmp_path: Path, target: str) -> None:
    with pytest.raises(InputError, match="from a phone"):
        read_results(written(tmp_path / "r", line(bundle)), bundle, target)


def test_an_import_adds_records_and_the_phone_once(bundle: Bundle, tmp_path: Path) -> None:
    path, folder = written(tmp_path / "r", *five(bundle)), tmp_path / "bench"
    (record,) = import_results(path, bundle, TARGET, folder)
    assert read(folder) == (record,)
    assert record.machine is not None
    facts = json.loads((folder / "machines" / f"{record.machine}.json").read_text())
    assert facts["model"] == "Maker X1"
    with pytest.raises(InputError, match="imported before"):
        import_results(path, bundle, TARGET, folder)
    assert read(folder) == (record,)


def test_a_record_of_a_phone_is_a_record(bundle: Bundle, tmp_path: Path) -> None:
    (record,) = read_results(written(tmp_path / "r", *five(bundle)), bundle, TARGET)
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record
