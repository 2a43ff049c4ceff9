"""Runs on this machine, by the C runner and by Python's, and how runs are refused or fail."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError, StorageError, TargetError
from fieldpack.tflite.editing import TfliteEditor
from fieldpack.tflite.runner import TfliteRunner
from fieldpack.verdict import Evidence
from fieldpack_benchmarks.targets import parse_target
from fieldpack_benchmarks.targets import payload as payloads
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.model_run import evidence_of, open_target, run_model
from fieldpack_benchmarks.targets.protocol import RunRequest, parse_run
from fieldpack_benchmarks.targets.runner.build import PLUGIN, RUNNER, compiled, compiler_for
from fieldpack_benchmarks.targets.small_models import (
    SELF_TEST_ANSWER,
    SELF_TEST_INPUT,
    self_test_model,
    small_input,
    small_network,
)

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="runs Linux programs: run it on Linux")
needs_compiler = pytest.mark.skipif(
    compiler_for(platform.machine()) is None, reason="a C compiler is missing: apt-get install gcc"
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.tflite"
    path.write_bytes(small_network(quantised=True, softmax=True))
    return path


@pytest.fixture(params=["c", "python"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    kind: str = request.param
    if kind == "python":
        monkeypatch.setattr(payloads, "compiler_for", lambda architecture: None)
    elif compiler_for(platform.machine()) is None:
        pytest.skip("a C compiler is missing: apt-get install gcc")
    return kind


def test_the_known_answer_is_that_of_the_model_that_tests_libraries(tmp_path: Path) -> None:
    path = tmp_path / "self_test.tflite"
    path.write_bytes(self_test_model())
    (answer,) = TfliteRunner(path).run({"given": np.array([SELF_TEST_INPUT], np.float32)}).values()
    assert tuple(answer[0]) == SELF_TEST_ANSWER


@pytest.mark.parametrize("quantised", [True, False])
def test_a_run_gives_the_answer_of_litert_and_what_it_took(
    tmp_path: Path, runner: str, quantised: bool
) -> None:
    model, given = tmp_path / "net.tflite", small_input(quantised=quantised)
    model.write_bytes(small_network(quantised=quantised, softmax=True))
    with HostTransport(str(tmp_path)) as transport:
        run = run_model(transport, model, [given], RunRequest(samples=5, profile=True))
    (expected,) = TfliteRunner(model).run({"picture": given}).values()
    assert run.outputs == (expected.tobytes(),)
    report = run.report
    assert (report.runner, run.evidence, len(report.wall_ns)) == (runner, Evidence.HOST, 5)
    assert report.repeats
    assert report.peak_bytes is not None
    assert report.peak_bytes > 2**20
    assert report.profile is not None
    assert sum(row.delegated for row in report.profile) >= 4
    # The builtin kernels run the softmax of int8 models, and that alone.
    assert report.fully_accelerated is not quantised
    assert [row.name for row in report.profile if not row.delegated] == ["SOFTMAX"] * quantised
    assert not list(tmp_path.glob("fieldpack-run-*"))


def test_a_batch_of_any_size_is_one_example(tmp_path: Path, runner: str) -> None:
    editor = TfliteEditor(small_network(quantised=True))
    for index in (*editor.inputs, *editor.outputs):
        editor.graph.tensors[index].shapeSignature = [-1, *editor.shape(index)[1:]]
    model, given = tmp_path / "net.tflite", small_input(quantised=True)
    model.write_bytes(editor.content())
    assert TfliteRunner(model).inputs[0].shape_signature[0] == -1
    with HostTransport() as transport:
        run = run_model(transport, model, [given], RunRequest())
    (expected,) = TfliteRunner(model).run({"picture": given}).values()
    assert run.outputs == (expected.tobytes(),)
    assert run.report.outputs[0].dims == expected.shape


def test_inputs_and_outputs_have_the_order_of_the_graph_and_not_of_their_names(
    tmp_path: Path, runner: str
) -> None:
    editor = TfliteEditor()
    second, first, total, difference = (editor.tensor(name, (1, 4)) for name in ("s", "f", "t", "d"))
    editor.operator("SUB", [first, second], [difference], 1, "SubOptions")
    editor.operator("ADD", [first, second], [total], 1, "AddOptions")
    editor.ends([second, first], [total, difference])
    editor.signature("serving_default", {"a": first, "b": second}, {"a": difference, "b": total})
    model = tmp_path / "two.tflite"
    model.write_bytes(editor.content())
    assert [spec.name for spec in TfliteRunner(model).inputs] == ["b", "a"]
    with HostTransport() as transport:
        given = [np.full((1, 4), value, np.float32) for value in (2, 5)]
        run = run_model(transport, model, given, RunRequest())
    assert [float(np.frombuffer(content, np.float32)[0]) for content in run.outputs] == [7, 3]


def test_more_threads_are_told_and_answer_the_same(model: Path, runner: str) -> None:
    given = [small_input(quantised=True)]
    with HostTransport() as transport:
        one, two = (run_model(transport, model, given, RunRequest(threads=count)) for count in (1, 2))
    assert (one.report.threads, two.report.threads) == (1, 2)
    assert one.outputs == two.outputs


def test_sampling_lasts_as_long_as_asked_and_no_longer(model: Path, runner: str) -> None:
    given = [small_input(quantised=True)]
    with HostTransport() as transport:
        longer = run_model(transport, model, given, RunRequest(samples=1, min_seconds=0.3)).report
        shorter = run_model(transport, model, given, RunRequest(samples=1_000_000, max_seconds=0.3)).report
    for report in (longer, shorter):
        assert 1 < len(report.wall_ns) < 1_000_000
        assert sum(report.wall_ns) <= 2e9


@pytest.mark.parametrize(
    ("inputs", "stage", "words"),
    [
        ([], "inputs", "0 input files, the model takes 1"),
        ([np.zeros(5, np.int8)], "inputs", "input of 5 bytes"),
    ],
)
def test_wrong_inputs_are_told(model: Path, runner: str, inputs: list[Any], stage: str, words: str) -> None:
    with HostTransport() as transport, pytest.raises(TargetError, match=f"stage {stage}") as caught:
        run_model(transport, model, inputs, RunRequest())
    assert words in (caught.value.came or "")


def test_a_file_that_is_no_model_is_told(tmp_path: Path, runner: str) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(b"no model at all")
    with HostTransport() as transport, pytest.raises(TargetError, match="stage load") as caught:
        run_model(transport, path, [small_input(quantised=True)], RunRequest())
    assert "failed with status" in (caught.value.came or "")
    assert ": ERROR" in (caught.value.came or "")  # in LiteRT's words
    assert "fieldpack explain" in (caught.value.hint or "")
    with HostTransport() as transport, pytest.raises(InputError, match="no file"):
        run_model(transport, tmp_path / "absent.tflite", [], RunRequest())


def test_a_model_of_tomorrow_is_told_with_what_to_do(tmp_path: Path, runner: str) -> None:
    editor = TfliteEditor(small_network(quantised=True))
    editor.model.operatorCodes[0].version = 99
    path = tmp_path / "net.tflite"
    path.write_bytes(editor.content())
    with HostTransport() as transport, pytest.raises(TargetError, match="stage load") as caught:
        run_model(transport, path, [small_input(quantised=True)], RunRequest())
    assert "'CONV_2D' version '99'" in (caught.value.came or "")
    assert "LiteRT is too old for the model" in (caught.value.hint or "")


LYING_LIBRARY = """
#include <string.h>
typedef int Status;
#define FINE(name) Status LiteRt##name() { return 0; }
Status LiteRtGetRankedTensorType(void *tensor, unsigned char *type) { memset(type, 1, 80); return 0; }
Status LiteRtGetNumSignatureInputs(void *s, unsigned long *n) { *n = 1; return 0; }
Status LiteRtGetNumSignatureOutputs(void *s, unsigned long *n) { *n = 1; return 0; }
"""
FUNCTIONS = (
    "CreateEnvironment", "CreateModelFromFile", "CreateOptions", "SetOptionsHardwareAccelerators",
    "CreateOpaqueOptions", "AddOpaqueOptions", "CreateCompiledModel", "GetModelSignature",
    "GetSignatureInputTensorByIndex", "GetSignatureOutputTensorByIndex",
    "GetCompiledModelInputBufferRequirements", "GetCompiledModelOutputBufferRequirements",
    "CreateManagedTensorBufferFromRequirements", "GetTensorBufferPackedSize", "LockTensorBuffer",
    "UnlockTensorBuffer", "RunCompiledModel", "CompiledModelIsFullyAccelerated", "CompiledModelGetProfiler",
    "StartProfiler", "StopProfiler",
)  # fmt: skip


@needs_compiler
@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("FINE(GetProfileSummary)", "stage self_test"),  # another size of structures
        ("", "stage library"),  # a function is gone
        ("FINE(GetProfileSummary)\n__attribute__((constructor)) static void die(void) { __builtin_trap(); }",
         "ended without its last line"),
    ],
    ids=["another-abi", "missing-function", "crash"],
)  # fmt: skip
def test_a_library_of_another_version_is_found_out(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, more: str, what: str
) -> None:
    source = tmp_path / "other.c"
    source.write_text(LYING_LIBRARY + "\n".join(f"FINE({name})" for name in FUNCTIONS) + "\n" + more + "\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compiler = compiler_for(platform.machine()) or ""
    library = compiled(compiler, source, "libLiteRt.so", ("-fPIC", "-shared", "-w", "-Wno-error"))
    monkeypatch.setattr(payloads, "library_for", lambda architecture: library)
    with HostTransport() as transport, pytest.raises(TargetError, match=what) as caught:
        run_model(transport, model, [small_input(quantised=True)], RunRequest())
    assert caught.value.came


@needs_compiler
def test_a_runner_that_is_killed_gave_no_answer(model: Path, tmp_path: Path) -> None:
    with HostTransport(str(tmp_path)) as transport:
        run_model(transport, model, [small_input(quantised=True)], RunRequest())  # all is there now
        command = "exec ./runner --library ./libLiteRt.so --self-test self_test.tflite"
        arguments = " ".join(RunRequest(samples=2, min_seconds=60).arguments("model.tflite", ["input-0.bin"]))
        script = f"cd {transport.folder}; ({command} {arguments}) & sleep 1; kill -9 $!; wait $!"
        done = transport.shell(script)
    assert done.code == 137
    with pytest.raises(TargetError, match="without its last line") as caught:
        parse_run(done.stdout, done.stderr, done.code, RunRequest(samples=2, min_seconds=60), "host")
    assert "killed" in (caught.value.hint or "")


def test_a_run_that_takes_too_long_is_ended_with_all_its_processes(tmp_path: Path) -> None:
    with HostTransport(str(tmp_path)) as transport:
        with pytest.raises(TargetError, match="no answer in time"):
            transport.run(["sh", "-c", "sleep 30; touch late"], 0.5)
        assert not (Path(transport.folder) / "late").exists()


def test_folders_of_processes_that_were_killed_go_at_the_next_run(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for process in (ended.pid, os.getpid()):
        (tmp_path / f"fieldpack-run-{process}-1").mkdir()
    with HostTransport(str(tmp_path)):
        assert not (tmp_path / f"fieldpack-run-{ended.pid}-1").exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"fieldpack-run-{os.getpid()}-1"]


def test_a_folder_that_cannot_be_written_is_told() -> None:
    with pytest.raises(TargetError, match="No folder can be made"), HostTransport("/proc/nowhere"):
        pass


def test_a_full_disk_is_told(tmp_path: Path, model: Path) -> None:
    with HostTransport(str(tmp_path)) as transport:
        (Path(transport.folder) / "model.tflite").symlink_to("/dev/full")
        with pytest.raises(TargetError, match="cannot be put on host") as caught:
            transport.push(model, "model.tflite")
    assert "No space left" in (caught.value.came or "")


@needs_compiler
def test_outputs_that_cannot_be_written_are_told(tmp_path: Path, model: Path) -> None:
    with HostTransport(str(tmp_path)) as transport:
        (Path(transport.folder) / "output-0.bin").symlink_to("/dev/full")
        with pytest.raises(TargetError, match="stage outputs") as caught:
            run_model(transport, model, [small_input(quantised=True)], RunRequest())
    assert "No space left" in (caught.value.came or "")


@needs_compiler
def test_the_programs_compile_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    strict = ("-Wall", "-Wextra", "-Werror")
    compiler = compiler_for(platform.machine()) or ""
    assert compiled(compiler, RUNNER, "runner", (*strict, "-ldl")).is_file()
    assert compiled(compiler, PLUGIN, "icount.so", (*strict, "-fPIC", "-shared")).is_file()


def test_a_runner_that_does_not_compile_or_cannot_be_kept_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = compiler_for(platform.machine())
    if compiler is None:
        pytest.skip("a C compiler is missing: apt-get install gcc")
    source = tmp_path / "runner.c"
    source.write_text("int main(void) { return no_such_name; }\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(TargetError, match="does not compile") as caught:
        compiled(compiler, source, "runner", ())
    assert "no_such_name" in (caught.value.came or "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    with pytest.raises(StorageError, match="cannot be kept"):
        compiled(compiler, source, "runner", ())


@pytest.mark.parametrize("name", ["mac", "ios:00008110-001A2B3C4D5E6F70"])
def test_apples_targets_are_not_run_elsewhere(name: str) -> None:
    with pytest.raises(TargetError, match="was not run") as caught:
        open_target(parse_target(name))
    assert caught.value.exit_code == 4


OTHER = "aarch64" if platform.machine() == "x86_64" else "x86_64"


@pytest.mark.parametrize(
    ("place", "changes", "evidence"),
    [
        ("host", {}, Evidence.HOST),
        ("qemu-arm64:cortex-a76", {"architecture": "aarch64"}, Evidence.EMULATED),
        ("ssh:root@127.0.0.1:22", {}, Evidence.HOST),
        ("ssh:root@127.0.0.1:22", {"architecture": OTHER}, Evidence.EMULATED),
        ("ssh:pi@board", {"architecture": OTHER}, Evidence.DEVICE),
        ("adb:127.0.0.1:5555", {}, Evidence.HOST),
        ("adb:emulator-5554", {}, Evidence.HOST),
        ("adb:R5CT20", {"architecture": OTHER}, Evidence.DEVICE),
        ("adb:R5CT20", {"emulator": True}, Evidence.EMULATED),
    ],
)
def test_evidence_is_what_a_target_is_and_not_how_it_is_reached(
    place: str, changes: dict[str, Any], evidence: Evidence
) -> None:
    facts = replace(TargetFacts(platform.machine(), "Linux"), **changes)
    assert evidence_of(place, facts) is evidence
