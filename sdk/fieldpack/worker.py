"""Worker processes: heavy frameworks run in a child, the caller stays light.

``run("module:function", {...})`` starts ``python -m fieldpack.worker``, which imports
the module, calls the function with plain keyword arguments and hands back its plain
result. An error of :mod:`fieldpack.errors` crosses the border as itself; a crash
becomes a :class:`~fieldpack.errors.WorkerError` with the end of the child's log.
TensorFlow and coremltools take 10 to 20 s to import and fight over threads, hence a process each.
"""

from __future__ import annotations

import errno
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fieldpack.errors import FieldpackError, MissingDependencyError, StorageError, WorkerError, from_dict
from fieldpack.workspace import work_folder

Progress = Callable[[str, float], None]
LOG_LINES = 30
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(
    target: str,
    arguments: Mapping[str, Any],
    *,
    progress: Progress | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> dict[str, Any]:
    """Call ``module:function`` with keyword arguments in a fresh process.

    Parameters
    ----------
    target : str
        ``module:function``; the function takes JSON-able keywords and returns a JSON-able dict.
    arguments : mapping
        The keywords.
    progress : callable, optional
        Called with (stage, fraction 0..1) whenever the function reports.
    environment : mapping, optional
        Variables added to the child's environment.
    timeout_s : float, optional
        Limit in seconds, after which the child is killed.

    Raises
    ------
    FieldpackError
        Whatever the function raised on purpose.
    WorkerError
        The child crashed, was killed, or ran out of time.
    """
    with work_folder("worker") as folder:
        job, result, log = (folder / name for name in ("job.json", "result.json", "log.txt"))
        job.write_text(json.dumps({"target": target, "arguments": dict(arguments)}))
        with log.open("wb") as log_file:
            code = _wait(_start(job, result, log_file, environment), progress, timeout_s)
        if not result.exists():
            raise WorkerError(
                f"the worker {target} ended without a result",
                came=_ending(code),
                hint="the end of its log:\n" + _tail(log),
            )
        answer: dict[str, Any] = json.loads(result.read_text())
    if "error" in answer:
        raise from_dict(answer["error"])
    value: dict[str, Any] = answer["value"]
    return value


def _start(
    job: Path, result: Path, log_file: Any, environment: Mapping[str, str] | None
) -> subprocess.Popen[str]:
    """Start the child in its own process group, so that an interrupt takes its children along.

    Its temporary files go into the job's folder: frameworks leave many behind.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "fieldpack.worker", str(job), str(result)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log_file,
        text=True,
        env={
            **os.environ,
            "TMPDIR": str(job.parent),
            "PYTHONHASHSEED": "0",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            **(environment or {}),
        },
        start_new_session=True,
    )


def _wait(child: subprocess.Popen[str], progress: Progress | None, timeout_s: float | None) -> int:
    timer = threading.Timer(timeout_s, _kill, [child]) if timeout_s is not None else None
    if timer is not None:
        timer.start()
    try:
        for line in child.stdout or ():
            event = json.loads(line)
            if progress is not None:
                progress(event["stage"], event["fraction"])
        return child.wait()
    finally:
        if timer is not None:
            timer.cancel()
        _kill(child)


def _kill(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join("    " + line for line in lines[-LOG_LINES:]) or "    (empty)"


def _call(job: Path, result: Path) -> None:
    """The child's side: everything but our own events leaves stdout alone."""
    die_with_parent()
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    order = json.loads(job.read_text())

    def report(stage: str, fraction: float) -> None:
        events.write(json.dumps({"stage": stage, "fraction": fraction}) + "\n")

    try:
        answer = {"value": _invoke(order["target"], order["arguments"], report)}
    except FieldpackError as error:
        answer = {"error": error.as_dict()}
    partial = result.with_suffix(".part")
    partial.write_text(json.dumps(answer))
    partial.replace(result)
    events.flush()
    sys.stderr.flush()
    os._exit(0)  # frameworks' threads may hang at interpreter exit; the result is on disk


def _invoke(target: str, arguments: dict[str, Any], report: Progress) -> Any:
    module_name, _, function_name = target.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
        if "report" in inspect.signature(function).parameters:
            arguments = {**arguments, "report": report}
        return function(**arguments)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise StorageError(
            f"{target} could not write its files",
            came=f"{error.filename}: {error.strerror}",
            hint="free some disk space, or set TMPDIR to a larger disk",
        ) from error
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{target} needs the Python module {error.name}",
            came="not installed",
            hint='pip install "fieldpack[all]"',
        ) from error


def die_with_parent() -> None:
    """Ask Linux to end this process when the parent dies, so that a killed build leaves nothing running."""
    if sys.platform != "linux":
        return
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    _call(Path(sys.argv[1]), Path(sys.argv[2]))
