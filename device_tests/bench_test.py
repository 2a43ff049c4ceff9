"""``fieldpack bench`` of one bundle on every road: this machine, emulated processors, adb and ssh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from device_tests.loopback import clients

from fieldpack.cli.main import main
from fieldpack.errors import MissingDependencyError
from fieldpack.records.store import read
from fieldpack.testing import tiny_bundle

if TYPE_CHECKING:
    from device_tests.loopback import AdbDevice, SshHost

pytestmark = pytest.mark.full
EMULATED = ("qemu-arm64:cortex-a76", "qemu-arm64:cortex-a53")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "tiny.fieldpack")


@pytest.fixture
def emulator() -> None:
    """What emulated targets need; LiteRT for ARM is downloaded once and kept."""
    from fieldpack_benchmarks.targets.sysroot import fetch

    for program in ("qemu-aarch64", "aarch64-linux-gnu-gcc", "gcc"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} missing: make debian (as root)")
    try:
        fetch()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def bench(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["bench", *arguments, "--json"])
    out = capsys.readouterr()
    return code, json.loads(out.out or out.err)


@pytest.mark.usefixtures("emulator")
def test_one_command_benches_every_road_with_the_same_bytes(
    bundle: Path, adb_device: AdbDevice, ssh_host: SshHost, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", str(clients(tmp_path, adb_device, ssh_host)), prepend=":")
    roads = ("host", *EMULATED, f"adb:{adb_device.serial}", f"ssh:{ssh_host.address}")
    targets = [part for road in roads for part in ("--on", road)]
    records = tmp_path / "records"
    code, _ = bench("run", str(bundle), *targets, "--records", str(records), capsys=capsys)
    assert code == 0, [record.reason for record in read(records)]
    found = {record.target: record for record in read(records)}
    assert list(found) == list(roads)
    evidence = {road: record.evidence.value for road, record in found.items()}
    assert evidence == {road: "emulated" if road in EMULATED else "host" for road in roads}
    for road, record in found.items():
        assert (record.instructions is not None) == (road in EMULATED)
        assert len(record.rounds) == (0 if road in EMULATED else 5)
        assert record.golden_gap is not None
        assert record.golden_gap < 1e-6
    native = {tuple(found[road].outputs.items()) for road in roads if road not in EMULATED}
    assert len(native) == 1, "one processor, three roads, other answers"


@pytest.mark.usefixtures("emulator")
def test_counts_repeat_to_the_digit_and_the_gate_holds_them(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [tmp_path / name for name in ("first", "second")]
    for folder in records:
        code, _ = bench("run", str(bundle), "--on", EMULATED[0], "--records", str(folder), capsys=capsys)
        assert code == 0
    first, second = (read(folder)[0].instructions for folder in records)
    assert first == second
    code, document = bench("compare", *map(str, records), capsys=capsys)
    assert (code, document["differences"][0]["change"]) == (0, "+0.000%")
    budget = tmp_path / "budget.toml"
    for limit, expected in ((first, 0), ((first or 0) - 1, 1)):
        budget.write_text(f'[every.instructions]\n"{EMULATED[0]}" = {limit}\n')
        gated = ["gate", str(bundle), "--budget", str(budget), "--records", str(records[0])]
        assert main(gated) == expected


@pytest.mark.parametrize(
    ("target", "outcome", "words"),
    [
        ("adb:no-such-phone", "failed", "no device"),
        ("ssh:127.0.0.1:1", "failed", "Connection refused"),
        ("ios:00008110-0000000000000000", "not_run", "not tflite"),
        ("mac", "not_run", "not tflite"),
    ],
)
def test_a_target_that_is_not_there_leaves_a_record_that_says_so(
    bundle: Path, target: str, outcome: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if target.startswith("adb") and shutil.which("adb") is None:
        pytest.skip("adb missing: make debian (as root)")
    records = tmp_path / "records"
    options = ["--on", target, "--flavour", "tflite-float32", "--records", str(records)]
    code, _ = bench("run", str(bundle), *options, capsys=capsys)
    (record,) = read(records)
    assert (code, record.outcome.value) == (1 if outcome == "failed" else 4, outcome)
    assert words in record.reason


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--on", "phone"], "No target has this name"),
        (["--on", "qemu-arm64:max"], "max gives wrong int8 answers"),
        (["--flavour", "tflite-int4"], "no such flavour"),
    ],
)
def test_what_was_mistyped_is_refused_before_anything_runs(
    bundle: Path, arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = bench("run", str(bundle), *arguments, "--records", str(tmp_path / "r"), capsys=capsys)
    assert code == 2
    assert words in json.dumps(document)


def test_a_bundle_is_not_slower_than_itself(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = bench("run", str(bundle), "--against", str(bundle), capsys=capsys)
    (found,) = document["comparisons"]
    assert found["low"] <= 1 <= found["high"] or found["ratio"] == pytest.approx(1, abs=0.05)
    assert found["pairs"] == 40
    assert (code == 1) == (found["finding"] == "slower")


def test_a_drawing_and_a_project_are_written(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "records"
    assert bench("run", str(bundle), "--records", str(records), capsys=capsys)[0] == 0
    code, document = bench("trend", str(records), "--out", str(tmp_path / "t.svg"), capsys=capsys)
    assert (code, len(document["lines"])) == (0, 1)
    assert (tmp_path / "t.svg").read_text().startswith("<svg")
    out = tmp_path / "phone"
    assert bench("project", str(bundle), "--for", "android", "--out", str(out), capsys=capsys)[0] == 0
    assert (out / "run.sh").is_file()
    (tmp_path / "half.jsonl").write_text('{"schema"')
    brought = ["import", str(bundle), str(tmp_path / "half.jsonl"), "--target", "adb:0123"]
    code, document = bench(*brought, "--records", str(records), capsys=capsys)
    assert (code, "cut off" in json.dumps(document)) == (2, True)
