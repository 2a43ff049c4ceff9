"""Fresh processes, timed from outside: wall seconds and the largest memory of the process itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import WorkerError

PYTHON = (sys.executable,)
FIELDPACK = (sys.executable, "-m", "fieldpack.cli.main")
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """One finished process.

    Attributes
    ----------
    seconds : float
        Wall time from start to end.
    peak_bytes : int or None
        Largest resident memory of the process without its children; None where the system does not say.
    exit_code : int
        As the process gave it.
    """

    seconds: float
    peak_bytes: int | None
    exit_code: int


def run_process(
    command: Sequence[str],
    accepted: Sequence[int] = (0,),
    *,
    watch_memory: bool = False,
    output: Path | None = None,
) -> Ended:
    """Run a command to its end, its output thrown away or kept in a file.

    Parameters
    ----------
    command : sequence of str
        The command line.
    accepted : sequence of int
        Exit codes that count as done.
    watch_memory : bool
        Read the peak of the resident memory while it runs, from ``/proc``.
    output : Path, optional
        File that gets what it prints.

    Raises
    ------
    WorkerError
        It ended with another code.
    """
    start = time.perf_counter()
    with Path(os.devnull if output is None else output).open("wb") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=_quiet()
        )
        peak = _watched(child) if watch_memory else None
        _, log = child.communicate()
    seconds = time.perf_counter() - start
    if child.returncode not in accepted:
        raise WorkerError(
            f"{' '.join(command)} failed",
            came=f"exit code {child.returncode}",
            hint=log.decode(errors="replace")[-2000:],
        )
    return Ended(seconds, peak, child.returncode)


def _watched(child: subprocess.Popen[bytes]) -> int | None:
    """``VmHWM`` only rises, so the last reading before the end is the peak."""
    peak = None
    while child.poll() is None:
        peak = peak_bytes(child.pid) or peak
        time.sleep(POLL_S)
    return peak


def peak_bytes(pid: int) -> int | None:
    """Largest resident memory so far of one process, without its children; None where unknown."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("VmHWM:")), None)
    return None if found is None else int(found.split()[1]) * 1024


def _quiet() -> Mapping[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "NO_COLOR": "1"}
