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

from fieldpack.errors import FieldpackError, InputError, ModelFileError, UnsupportedError, from_dict

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
    if child.returncode != 0:
        raise ModelFileError(
            f"LiteRT crashed on {path}",
            came=f"{_death(child.returncode)}; {_last_line(child.stderr)}",
            hint="do not ship this file: it would crash the application too",
        )


def try_once(path: Path, threads: int = 1) -> None:
    """Load a file in this process and run it once on zeros.

    Raises
    ------
    FieldpackError
        As ``TfliteRunner`` does.
    UnsupportedError
        If an input has a type that numpy has no zeros of.
    """
    import numpy as np

    from fieldpack.tflite.runner import TfliteRunner

    runner = TfliteRunner(path, threads)
    inputs = {}
    for spec in runner.inputs:
        try:
            inputs[spec.name] = np.zeros(spec.shape, dtype=spec.dtype)
        except TypeError as error:
            raise UnsupportedError(
                f"Input {spec.name!r} cannot be filled with zeros", came=spec.dtype
            ) from error
        except (MemoryError, ValueError) as error:
            raise InputError(f"Input {spec.name!r} is too large", came=spec.shape) from error
    runner.run(inputs)


def _limit(memory_limit_bytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))


def _death(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no message"


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
