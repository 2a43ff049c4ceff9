"""``fieldpack gate`` with records of targets, a baseline, and files for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fieldpack import schemas
from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.errors import InputError
from fieldpack.model import validated
from fieldpack.records.record import SCHEMA, Record
from fieldpack.records.store import append
from fieldpack.testing import tiny_bundle

TARGET = "qemu-arm64:cortex-a76"
RUNNER = {
    "kind": "c",
    "runtime": "LiteRT 2.3.0",
    "processor": "cortex-a76",
    "emulator": "qemu 7.2",
    "threads": 1,
}
COUNTED = f'[every.instructions]\n"{TARGET}" = '


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "tiny")


def record(bundle: Path, **changed: Any) -> Record:
    with open_bundle(bundle) as opened:
        manifest, digest = opened.manifest, opened.digest
    flavour = manifest.flavours[0]
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "taken": "2026-01-02T03:04:05Z",
        "bundle": {"name": manifest.name, "version": manifest.version, "digest": digest},
        "flavour": {"name": flavour.name, "kind": "tflite", "digest": flavour.digest},
        "target": TARGET,
        "evidence": "emulated",
        "outcome": "measured",
        "runner": RUNNER,
        "instructions": 1000,
        "delegation": {"operators": 3, "outside": 1},
    }
    return validated(Record, values | changed, "test", InputError)


def gate(
    bundle: Path, budget: str, *options: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    file = bundle.parent / "budget.toml"
    file.write_text(budget)
    records = bundle.parent / "bench"
    given = ["--records", str(records)] if records.is_dir() else []
    code = main(["gate", str(bundle), "--budget", str(file), "--json", *given, *options])
    out = capsys.readouterr()
    return code, json.loads(out.out or out.err)


def baseline(bundle: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    file = bundle.parent / "baseline.json"
    code, _ = gate(bundle, "[every]\ninstalled_bytes = 10000\n", "--write-baseline", str(file), capsys=capsys)
    assert code == 0
    return file


@pytest.mark.parametrize(("limit", "code"), [(1000, 0), (999, 1)])
def test_a_count_is_held_exactly(
    bundle: Path, limit: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    append(bundle.parent / "bench", record(bundle))
    found, document = gate(bundle, f"{COUNTED}{limit}\n", capsys=capsys)
    assert found == code
    assert document["verdicts"][0]["figure"] == {
        "name": f"instructions.{TARGET}", "value": 1000, "unit": "count", "evidence": "emulated",
        "n": None, "low": None, "high": None,
    }  # fmt: skip


def test_a_target_without_a_record_is_never_a_pass(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = gate(bundle, f"{COUNTED}1\n", capsys=capsys)
    assert (code, document["outcome"]) == (4, "not_run")
    assert "fieldpack bench run BUNDLE --on" in document["verdicts"][0]["reason"]


@pytest.mark.parametrize(
    "changed",
    [
        {"flavour": {"name": "tflite-float32", "kind": "tflite", "digest": "0" * 64}},
        {"target": "qemu-arm64:cortex-a53"},
        {"outcome": "failed", "reason": "the device was lost", "instructions": None, "runner": None},
    ],
)
def test_records_of_other_files_other_targets_and_failures_prove_nothing(
    bundle: Path, changed: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    append(bundle.parent / "bench", record(bundle, **changed))
    code, document = gate(bundle, f"{COUNTED}5000\n", capsys=capsys)
    assert code == 4
    if "reason" in changed:
        assert "the device was lost" in document["verdicts"][0]["reason"]


def test_the_last_record_of_a_file_counts(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(bundle.parent / "bench", record(bundle, taken="2026-05-01T00:00:00Z", instructions=900))
    append(bundle.parent / "bench", record(bundle, taken="2026-04-01T00:00:00Z", instructions=5000))
    assert gate(bundle, f"{COUNTED}1000\n", capsys=capsys)[0] == 0


@pytest.mark.parametrize(("count", "code"), [(1000, 0), (1001, 0), (1002, 1)])
def test_a_share_of_the_baseline_is_held(
    bundle: Path, count: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    append(bundle.parent / "bench", record(bundle))
    then = baseline(bundle, capsys)
    append(bundle.parent / "bench", record(bundle, taken="2026-02-01T00:00:00Z", instructions=count))
    budget = COUNTED + '{ share = 1.001, of = "baseline" }\n'
    assert gate(bundle, budget, "--baseline", str(then), capsys=capsys)[0] == code
    assert gate(bundle, budget, capsys=capsys)[0] == 4


def test_counts_of_two_runtimes_are_not_compared(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(bundle.parent / "bench", record(bundle))
    then = baseline(bundle, capsys)
    newer = RUNNER | {"runtime": "LiteRT 2.4.0"}
    append(bundle.parent / "bench", record(bundle, taken="2026-02-01T00:00:00Z", runner=newer))
    budget = COUNTED + '{ share = 2.0, of = "baseline" }\n'
    code, document = gate(bundle, budget, "--baseline", str(then), capsys=capsys)
    assert code == 4
    assert "the baseline was counted by c, LiteRT 2.3.0" in document["verdicts"][0]["reason"]


VALGRIND = RUNNER | {"processor": "x86_64 avx2", "emulator": "valgrind-3.19.0"}


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({}, "instructions.callgrind of baseline was not measured"),
        ({"target": "callgrind", "runner": VALGRIND | {"emulator": "valgrind-3.24.0"}}, "valgrind-3.24.0"),
        ({"target": "callgrind", "runner": VALGRIND | {"processor": "x86_64"}}, "LiteRT 2.3.0, x86_64, "),
        ({"target": "callgrind", "runner": VALGRIND}, ""),
    ],
)
def test_counts_of_callgrind_are_compared_with_its_own_alone(
    bundle: Path, then: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    append(bundle.parent / "bench", record(bundle, **then))
    before = baseline(bundle, capsys)
    later = record(bundle, taken="2026-02-01T00:00:00Z", target="callgrind", runner=VALGRIND)
    append(bundle.parent / "bench", later)
    budget = '[every.instructions]\ncallgrind = { share = 1.0, of = "baseline" }\n'
    code, document = gate(bundle, budget, "--baseline", str(before), capsys=capsys)
    assert code == (4 if words else 0)
    assert words in document["verdicts"][0]["reason"]


def test_layers_are_held_one_by_one(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = gate(bundle, "[every]\nlayer_rise = 0.0\n", capsys=capsys)
    assert (code, "no baseline was given" in document["verdicts"][0]["reason"]) == (4, True)
    then = baseline(bundle, capsys)
    code, _ = gate(bundle, "[every]\nlayer_rise = 0.0\n", "--baseline", str(then), capsys=capsys)
    assert code == 0
    stored = json.loads(then.read_text())
    layers = stored["flavours"]["tflite-float32"]["layers"]
    (name,) = layers
    layers[name] = layers[name] * 10 // 11
    then.write_text(json.dumps(stored))
    code, document = gate(bundle, "[every]\nlayer_rise = 0.05\n", "--baseline", str(then), capsys=capsys)
    assert code == 1
    assert document["verdicts"][0]["reason"] == f"layer_rise is 11.1 % in {name}; at most 5 % is allowed"
    layers["other"] = layers.pop(name)
    then.write_text(json.dumps(stored))
    assert gate(bundle, "[every]\nlayer_rise = 9.0\n", "--baseline", str(then), capsys=capsys)[0] == 4


def test_sizes_may_be_shares_of_a_bundle_that_is_the_baseline(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for share, code in (("1.0", 0), ("0.99", 1)):
        budget = f'[every]\ninstalled_bytes = {{ share = {share}, of = "baseline" }}\n'
        assert gate(bundle, budget, "--baseline", str(bundle), capsys=capsys)[0] == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": "fieldpack-baseline/9"}', "another schema"),
        ("[", "cannot be read"),
        ('{"schema": "fieldpack-baseline/1"}', "missing field `bundle`"),
    ],
)
def test_a_baseline_that_is_none_is_refused(
    bundle: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bundle.parent / "other.json"
    file.write_text(text)
    code, document = gate(bundle, "[every]\nlayer_rise = 1.0\n", "--baseline", str(file), capsys=capsys)
    assert code == 2
    assert message in json.dumps(document)


def test_the_baseline_of_another_model_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    then = baseline(bundle, capsys)
    then.write_text(then.read_text().replace('"tiny"', '"other"', 1))
    code, document = gate(bundle, "[every]\nlayer_rise = 1.0\n", "--baseline", str(then), capsys=capsys)
    assert code == 2
    assert "another model" in json.dumps(document)


def test_times_are_no_share_of_a_baseline(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budget = '[every.latency_ms]\nhost = { share = 1.1, of = "baseline" }\n'
    code, document = gate(bundle, budget, capsys=capsys)
    assert code == 2
    assert "times of two days" in json.dumps(document)


def _round(value: float) -> dict[str, Any]:
    return {
        "latency_ms": value,
        "p90_ms": value,
        "p99_ms": value,
        "samples": 9,
        "load_ms": 1,
        "first_run_ms": 1,
    }


@pytest.mark.parametrize(
    ("flags", "code"), [([], 0), (["unstable"], 0), (["throttled"], 4), (["too_few_samples"], 4)]
)
def test_a_time_that_proves_nothing_is_not_held(
    bundle: Path, flags: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    phone = "adb:0123"
    found = record(
        bundle,
        target=phone,
        evidence="device",
        instructions=None,
        rounds=[_round(3.0 + step / 10) for step in range(5)],
        flags=flags,
    )
    append(bundle.parent / "bench", found)
    got, document = gate(bundle, f'[every.latency_ms]\n"{phone}" = 4.0\n', capsys=capsys)
    assert got == code
    assert document["verdicts"][0]["figure"]["evidence"] == ("not_run" if code else "device")


def test_the_files_for_other_programs_say_what_the_terminal_says(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(bundle.parent / "bench", record(bundle))
    then = baseline(bundle, capsys)
    append(bundle.parent / "bench", record(bundle, taken="2026-02-01T00:00:00Z", instructions=2000))
    names = {name: bundle.parent / f"out.{name}" for name in ("junit", "sarif", "summary")}
    options = [part for name, file in names.items() for part in (f"--{name}", str(file))]
    budget = "[every]\ninstalled_bytes = 100000\n" + COUNTED + '1500\n"qemu-arm64:cortex-a53" = 5\n'
    code, document = gate(bundle, budget, "--baseline", str(then), *options, capsys=capsys)
    outcomes = [verdict["outcome"] for verdict in document["verdicts"]]
    assert (code, outcomes) == (1, ["pass", "fail", "not_run"])
    suite = ET.parse(names["junit"]).getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "1", "errors": "1", "skipped": "0",
    }  # fmt: skip
    assert [case[0].tag for case in suite.iter("testcase")] == ["system-out", "failure", "error"]
    results = json.loads(names["sarif"].read_text())["runs"][0]["results"]
    assert [(item["ruleId"], item["level"]) for item in results] == [
        (f"instructions.{TARGET}", "error"), ("instructions.qemu-arm64:cortex-a53", "error"),
    ]  # fmt: skip
    text = names["summary"].read_text()
    assert text.startswith("## ❌ tiny 1.0.0: fail")
    assert "`▁█` | 2,000" in text
    assert text.index("❌\u00a0fail |") < text.index("⛔\u00a0not_run |") < text.index("✅\u00a0pass |")


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [
        ("installed_bytes = 100000", "pass"),
        ("installed_bytes = 1", "fail"),
        (f'instructions = {{ "{TARGET}" = 1 }}', "not_run"),
        ('latency_ms = { "adb:0123" = 3.2 }', "inconclusive"),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_files_of_every_outcome_keep_their_schemas(
    bundle: Path, limit: str, outcome: str, inside: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if inside:
        monkeypatch.chdir(bundle.parent)
    rounds = [_round(3.0 + step / 10) for step in range(5)]
    timed = {"target": "adb:0123", "evidence": "device", "instructions": None, "rounds": rounds}
    append(bundle.parent / "bench", record(bundle, **timed))
    junit, sarif = bundle.parent / "junit.xml", bundle.parent / "gate.sarif"
    budget = f"# limits of the app\n[every]\n{limit}\n"
    _, document = gate(bundle, budget, "--junit", str(junit), "--sarif", str(sarif), capsys=capsys)
    assert document["outcome"] == outcome
    assert schemas.junit_faults(junit.read_text()) == []
    log = json.loads(sarif.read_text())
    assert schemas.sarif_faults(log) == []
    assert list(schemas.code_scanning_faults(log)) == []
    file = bundle.parent / "budget.toml"
    uri = file.name if inside else file.resolve().as_uri()
    places = [item["locations"][0]["physicalLocation"] for item in log["runs"][0]["results"]]
    found = [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places]
    assert found == ([] if outcome == "pass" else [(uri, 3)])


def test_what_a_lost_device_said_last_breaks_no_file(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "\x1b[31mlost|\x00 <b>"
    lost = {"outcome": "failed", "reason": words, "evidence": "not_run", "instructions": None, "runner": None}
    append(bundle.parent / "bench", record(bundle, **lost))
    files = {name: bundle.parent / name for name in ("junit", "sarif", "summary")}
    options = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    code, _ = gate(bundle, f"{COUNTED}1\n", *options, capsys=capsys)
    assert code == 4
    assert schemas.junit_faults(files["junit"].read_text(encoding="utf-8")) == []
    assert schemas.sarif_faults(json.loads(files["sarif"].read_text())) == []
    shown = files["summary"].read_text(encoding="utf-8")
    assert "&#60;U+001B>&#91;31mlost&#124;&#60;U+0000> &#60;b>" in shown
    assert {path.name for path in bundle.parent.glob(".*")} == set()


def test_a_file_that_cannot_be_written_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle.parent / "plain").write_text("")
    code, document = gate(
        bundle,
        "[every]\ninstalled_bytes = 9999\n",
        "--junit",
        str(bundle.parent / "plain" / "x"),
        capsys=capsys,
    )
    assert code == 2
    assert "--junit" in json.dumps(document)
