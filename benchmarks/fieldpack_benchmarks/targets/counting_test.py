"""Emulated ARM answers as this machine does, and its instructions repeat to the digit."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fieldpack.errors import InputError, MissingDependencyError, TargetError
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.targets import sysroot
from fieldpack_benchmarks.targets.counting import count_instructions, count_with_callgrind
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.model_run import run_model
from fieldpack_benchmarks.targets.protocol import RunRequest
from fieldpack_benchmarks.targets.qemu import QemuTransport
from fieldpack_benchmarks.targets.runner.build import built_runner
from fieldpack_benchmarks.targets.small_models import small_input, small_network


@pytest.fixture
def emulator() -> None:
    """Skip where a part of the emulation is missing."""
    try:
        QemuTransport("cortex-a76")
        built_runner("aarch64", sysroot.arm64_library())
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")


def _model(folder: Path, *, quantised: bool, width: int = 16, softmax: bool = False) -> Path:
    path = folder / f"{quantised}-{width}-{softmax}.tflite"
    path.write_bytes(small_network(quantised=quantised, width=width, softmax=softmax))
    return path


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a76"])
def test_int8_answers_are_those_of_this_machine_to_the_bit(tmp_path: Path, cpu: str) -> None:
    model, given = _model(tmp_path, quantised=True, softmax=True), [small_input(quantised=True)]
    with HostTransport() as host, QemuTransport(cpu) as emulated:
        here = run_model(host, model, given, RunRequest(profile=True))
        there = run_model(emulated, model, given, RunRequest(profile=True))
    assert there.outputs == here.outputs
    assert there.report.fully_accelerated == here.report.fully_accelerated
    assert here.report.profile is not None
    assert there.report.profile is not None
    kinds = [[row.delegated for row in run.report.profile or ()] for run in (here, there)]
    assert kinds[0] == kinds[1]
    assert there.evidence is Evidence.EMULATED
    assert there.facts.architecture == "aarch64"


@pytest.mark.usefixtures("emulator")
def test_nothing_of_an_emulated_run_is_time_or_memory(tmp_path: Path) -> None:
    with QemuTransport("cortex-a76") as emulated:
        report = run_model(
            emulated,
            _model(tmp_path, quantised=True),
            [small_input(quantised=True)],
            RunRequest(profile=True),
        ).report
    assert (report.init_ns, report.first_run_ns, report.peak_bytes, report.max_rss_bytes) == (None,) * 4
    assert (report.warm_up_ns, report.wall_ns, report.cpu_ns) == ((), (), ())
    assert {row.average_ms for row in report.profile or ()} == {None}


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("quantised", [True, False])
def test_counts_repeat_to_the_digit_between_runs(tmp_path: Path, quantised: bool) -> None:
    model, given = _model(tmp_path, quantised=quantised), [small_input(quantised=quantised)]
    first, second = (count_instructions(model, given, "cortex-a76") for _ in range(2))
    assert first == second
    assert first.repeats
    assert first.delegated == first.operators
    assert first.evidence is Evidence.EMULATED


@pytest.mark.usefixtures("emulator")
def test_counts_see_a_wider_layer_another_operator_and_another_processor(tmp_path: Path) -> None:
    given = [small_input(quantised=True)]
    plain = count_instructions(_model(tmp_path, quantised=True), given, "cortex-a76")
    wider = count_instructions(_model(tmp_path, quantised=True, width=20), given, "cortex-a76")
    longer = count_instructions(_model(tmp_path, quantised=True, softmax=True), given, "cortex-a76")
    older = count_instructions(_model(tmp_path, quantised=True), given, "cortex-a53")
    assert wider.instructions > 1.05 * plain.instructions
    assert longer.instructions > plain.instructions
    assert (longer.delegated, longer.operators) == (plain.delegated, plain.operators + 1)
    assert older.instructions > 1.2 * plain.instructions


@pytest.mark.usefixtures("emulator")
def test_a_processor_that_xnnpack_cannot_read_is_no_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other kernels would run, with other figures."""
    processors = tmp_path / "sys" / "devices" / "system" / "cpu"
    for path in (tmp_path / "proc" / "cpuinfo", processors / "possible", processors / "present"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n", encoding="ascii")
    (tmp_path / "lib").symlink_to(sysroot.CROSS)
    monkeypatch.setattr("fieldpack_benchmarks.targets.qemu.prefix", lambda cpu: tmp_path)
    with pytest.raises(TargetError, match="stage self_test"):
        count_instructions(_model(tmp_path, quantised=True), [small_input(quantised=True)], "cortex-a76")


@pytest.mark.usefixtures("emulator")
def test_a_model_of_which_the_delegate_takes_nothing_is_no_count(tmp_path: Path) -> None:
    editor = TfliteEditor()
    given = editor.tensor("logits", (1, 10), "int8", None, (0.1,), (0,))
    answer = editor.tensor("scores", (1, 10), "int8", None, (1 / 256,), (-128,))
    editor.operator("SOFTMAX", [given], [answer], 2, "SoftmaxOptions", beta=1)
    editor.ends([given], [answer])
    path = tmp_path / "softmax.tflite"
    path.write_bytes(editor.content())
    with pytest.raises(TargetError, match="XNNPACK ran no operator") as caught:
        count_instructions(path, [np.arange(10, dtype=np.int8)[None]], "cortex-a76")
    assert caught.value.came == "SOFTMAX"


@pytest.mark.usefixtures("emulator")
def test_a_program_that_carries_its_c_library_runs_in_an_empty_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The road for Android and for old boards, whose own C library does not do."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(sysroot.cpuinfo("cortex-a76"), encoding="ascii")
    model, given = _model(tmp_path, quantised=True), [small_input(quantised=True)]
    with QemuTransport("cortex-a76") as emulated:
        usual = run_model(emulated, model, given, RunRequest())
    with QemuTransport("cortex-a76") as emulated:
        monkeypatch.setattr(emulated, "_prefix", tmp_path)
        monkeypatch.setattr("fieldpack_benchmarks.targets.qemu._glibc", lambda: None)
        carried = run_model(emulated, model, given, RunRequest())
    assert (usual.carries_libc, carried.carries_libc) == (False, True)
    assert carried.outputs == usual.outputs


def test_callgrind_counts_where_qemu_is_missing(tmp_path: Path) -> None:
    model, given = _model(tmp_path, quantised=True), [small_input(quantised=True)]
    try:
        counts = [count_with_callgrind(model, given) for _ in range(2)]
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")
    # Its parts end an instruction early or late now and then, so a digit is too much to ask.
    values = [value for count in counts for value in count.values]
    assert max(values) - min(values) <= 8
    assert counts[0].evidence is Evidence.EMULATED


@pytest.mark.parametrize("cpu", ["max", "cortex-x1", "", "../etc"])
def test_only_processors_that_were_compared_are_emulated(cpu: str) -> None:
    with pytest.raises(InputError, match="not emulated") as caught:
        sysroot.prefix(cpu)
    assert "cortex-a76" in (caught.value.allowed or "")


def test_missing_tools_are_told_with_their_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, given = _model(tmp_path, quantised=True), [small_input(quantised=True)]
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingDependencyError, match="valgrind is needed") as caught:
        count_with_callgrind(model, given)
    assert caught.value.hint == "apt-get install valgrind"
    monkeypatch.setattr("fieldpack_benchmarks.targets.qemu.prefix", lambda cpu: tmp_path)
    with pytest.raises(MissingDependencyError, match="qemu is needed") as caught:
        QemuTransport("cortex-a76")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("apt-get install qemu-user; or count")


def test_a_qemu_with_another_plugin_interface_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldpack_benchmarks.targets.qemu.prefix", lambda cpu: tmp_path)
    monkeypatch.setattr("fieldpack_benchmarks.targets.qemu.qemu_version", lambda: "10.1.0")
    with pytest.raises(MissingDependencyError, match="does not know this qemu") as caught:
        QemuTransport("cortex-a76", tmp_path / "icount.so")
    assert caught.value.allowed == "7 to 8"


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is missing: apt-get install valgrind")
def test_python_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own instructions would be counted too."""
    monkeypatch.setattr("fieldpack_benchmarks.targets.payload.compiler_for", lambda architecture: None)
    monkeypatch.setattr("fieldpack_benchmarks.targets.runner.build.compiler_for", lambda architecture: None)
    with pytest.raises(MissingDependencyError, match="C compiler"):
        count_with_callgrind(_model(tmp_path, quantised=True), [small_input(quantised=True)])


def test_two_inferences_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more inferences"):
        count_with_callgrind(_model(tmp_path, quantised=True), [small_input(quantised=True)], samples=2)


def test_the_wheel_for_arm_is_the_one_of_the_lock() -> None:
    """Its digest stands in the lock of the repository."""
    lock = Path(__file__).parents[3] / "constraints.txt"
    if not lock.is_file():
        pytest.skip("not a checkout: clone the repository to run this test")
    text = lock.read_text(encoding="utf-8")
    for version, digest in sysroot.WHEELS.items():
        assert f"ai-edge-litert=={version} " in text
        assert f"--hash=sha256:{digest}" in text


def test_a_library_that_was_not_downloaded_is_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="not downloaded") as caught:
        sysroot.arm64_library()
    assert caught.value.hint == sysroot.FETCH
    assert caught.value.exit_code == 4


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "ai_edge_litert-2.3.0-cp311-cp311-manylinux_2_27_aarch64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(sysroot.MEMBER, b"something else")
    with pytest.raises(TargetError, match="not the wheel that was tried"):
        sysroot.keep_library(wheel, tmp_path / "libLiteRt.so")
    assert not (tmp_path / "libLiteRt.so").exists()


def test_a_download_that_fails_ends_with_the_reason_and_keeps_nothing(tmp_path: Path) -> None:
    environment = {
        "XDG_CACHE_HOME": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_CONFIG_FILE": "/dev/null",
        "PYTHONPATH": ":".join(path for path in sys.path if path),
    }
    command = [sys.executable, "-m", "fieldpack_benchmarks.targets.sysroot"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip does not get LiteRT" in done.stderr
    assert not list(tmp_path.rglob("libLiteRt.so"))
