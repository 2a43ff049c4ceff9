"""Trying a file in a process that may die: LiteRT crashes on some hostile files.

LiteRT's own verifier covers the flatbuffer, not what the operators make of it; an operator with
impossible options can divide by zero, write out of bounds or ask for all memory. The child loads the
file and runs it once on zeros, under a time and a memory limit; whatever becomes of it, the caller
gets a ``ModelFileError`` or nothing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from fieldpack.errors import FieldpackError, ModelFileError, UnsupportedError, WorkerError, from_dict

REFUSED = 3
MIB = 1024 * 1024


def check_loads(
    path: Path | str, timeout_s: float = 60.0, memory_limit_bytes: int = 8192 * MIB, threads: int = 1
) -> None:
    """Load a ``.tflite`` file and run it once on zeros, in a child process.

    Parameters
    ----------
    path : pathlib.Path or str
        The file.
    timeout_s : float
        Seconds until the child is killed; default one minute.
    memory_limit_bytes : int
        Address space of the child; default 8 GiB. No limit where the system has none (Windows).
    threads : int
        LiteRT threads.

    Raises
    ------
    ModelFileError
        If LiteRT refuses the file, crashes on it, or does not finish in time.
    WorkerError
        If the child itself fails, for example because the limit is too low for Python.
    FieldpackError
        Any other error that the runner raises, rebuilt from the child.
    """
    command = [sys.executable, "-P", "-m", "fieldpack.tflite.load_check"]
    command += [str(Path(path).absolute()), str(memory_limit_bytes), str(threads)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        child = subprocess.run(
            command,
            capture_output=True,
            timeout=timeout_s,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelFileError(
            f"{path} did not load and run once in {timeout_s:g} s",
            hint="allow more time if the model is large",
        ) from error
    if child.returncode == REFUSED:
        raise from_dict(json.loads(child.stdout))
    if child.returncode > 0:
        raise WorkerError(f"The process that tries {path} failed", came=_log_end(child.stderr))
    if child.returncode < 0:
        raise ModelFileError(
            f"LiteRT crashed on {path}",
            came=f"killed by {_signal_name(-child.returncode)}; {_log_end(child.stderr)}",
            hint="do not ship this file: it would crash the application too",
        )


def try_once(path: Path, threads: int = 1) -> None:
    """Load a file in this process and run it once on zeros.

    Raises
    ------
    ModelFileError
        If LiteRT refuses the file, fails on it, or needs more memory than there is.
    UnsupportedError
        If an input has a type that numpy has no zeros of.
    """
    import numpy as np

    from fieldpack.tflite.runner import TfliteRunner

    try:
        runner = TfliteRunner(path, threads)
        runner.run({spec.name: np.zeros(spec.shape, dtype=spec.dtype) for spec in runner.inputs})
    except MemoryError as error:
        raise ModelFileError(f"{path} wants more memory than there is", came=error) from error
    except TypeError as error:
        raise UnsupportedError(f"{path} has an input that cannot be filled with zeros", came=error) from error


def _limit(memory_limit_bytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":
        _, highest = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory_limit_bytes if highest == resource.RLIM_INFINITY else min(memory_limit_bytes, highest)
        resource.setrlimit(resource.RLIMIT_AS, (limit, highest))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _log_end(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return "; ".join(lines[-3:]) or "no message"


def _child(path: str, memory_limit_bytes: str, threads: str) -> int:
    _limit(int(memory_limit_bytes))
    try:
        try_once(Path(path), int(threads))
    except FieldpackError as error:
        sys.stdout.write(json.dumps(error.as_dict()))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_child(*sys.argv[1:]))
