from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fieldpack import worker
from fieldpack.errors import InputError, MissingDependencyError, WorkerError

TARGETS = """
import os, signal, sys, time
from fieldpack.errors import InputError

def add(a, b, report):
    report("adding", 0.5)
    print("noise on stdout")
    return {"sum": a + b, "pid": os.getpid()}

def refuse():
    raise InputError("this is refused", came="x", allowed="y", hint="z")

def crash():
    print("the last words", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)

def bug():
    raise KeyError("unforeseen")

def needs():
    import a_module_that_nobody_has

def litter():
    import tempfile
    return {"left": tempfile.mkstemp()[1]}

def hang(path):
    open(path, "w").write(str(os.getpid()))
    time.sleep(60)
"""


@pytest.fixture
def target(tmp_path: Path) -> Any:
    (tmp_path / "worker_targets.py").write_text(TARGETS)
    environment = {"PYTHONPATH": str(tmp_path)}

    def call(name: str, **arguments: Any) -> dict[str, Any]:
        options = {key: arguments.pop(key) for key in ("progress", "timeout_s") if key in arguments}
        return worker.run(f"worker_targets:{name}", arguments, environment=environment, **options)

    return call


def test_a_result_and_its_progress_come_back_from_another_process(target: Any) -> None:
    seen: list[tuple[str, float]] = []
    answer = target("add", a=2, b=3, progress=lambda stage, done: seen.append((stage, done)))
    assert answer["sum"] == 5
    assert answer["pid"] != os.getpid()
    assert seen == [("adding", 0.5)]


def test_an_error_on_purpose_crosses_as_itself(target: Any) -> None:
    with pytest.raises(InputError) as caught:
        target("refuse")
    assert caught.value.as_dict() == {
        "kind": "InputError",
        "what": "this is refused",
        "came": "x",
        "allowed": "y",
        "hint": "z",
    }


def test_what_a_framework_leaves_behind_goes_too(target: Any) -> None:
    assert not Path(target("litter")["left"]).exists()


def test_a_crash_carries_the_end_of_the_log(target: Any) -> None:
    with pytest.raises(WorkerError) as caught:
        target("crash")
    assert "SIGSEGV" in str(caught.value)
    assert "the last words" in str(caught.value)


def test_a_bug_is_a_worker_error_with_its_trace(target: Any) -> None:
    with pytest.raises(WorkerError, match="unforeseen"):
        target("bug")


def test_a_missing_module_names_itself(target: Any) -> None:
    with pytest.raises(MissingDependencyError, match="a_module_that_nobody_has"):
        target("needs")


def test_a_worker_that_hangs_is_killed(target: Any, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(WorkerError, match="SIGKILL"):
        target("hang", path=str(tmp_path / "pid"), timeout_s=2.0)
    assert time.monotonic() - started < 30
    assert not _runs(int((tmp_path / "pid").read_text()))


def test_a_worker_dies_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "worker_targets.py").write_text(TARGETS)
    call = f"worker.run('worker_targets:hang', {{'path': {str(tmp_path / 'pid')!r}}})"
    code = f"from fieldpack import worker; {call}"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)}, start_new_session=True
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert parent.poll() is None
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the worker outlived its parent")


def _runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
