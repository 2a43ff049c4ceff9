"""Runs drawn tests in worker processes and goes on where it stopped.

Results are JSON lines; ids that have one are not run again. Each process takes a chunk: a fresh
import of the frameworks costs 15 s, and a crash or a hang costs one test, not the run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fieldpack.errors import WorkerError
from fieldpack_benchmarks.conformance.record import Outcome, Record, append, read_records
from fieldpack_benchmarks.conformance.sample import SUITES, Draw, environment, library_root, pytest_command

Progress = Callable[[str, float], None]
CHUNK = 250
START_S = 180
"""Import of the frameworks and collection, at the slowest."""
PER_TEST_S = 20
"""Allowed on average over a chunk; one test alone may take ``LONGEST_TEST_S``."""
LONGEST_TEST_S = 120


def run_tests(
    ids: Sequence[str],
    configuration: str,
    results: Path,
    progress: Progress,
    options: Sequence[str] = (),
) -> dict[str, Record]:
    """Run what has no record yet.

    Parameters
    ----------
    ids : sequence of str
        Node ids.
    configuration : str
        Key of ``sample.CONFIGURATIONS``.
    results : Path
        File of JSON lines, made or continued.
    progress : callable
        Gets a stage and a fraction 0..1.
    options : sequence of str
        More options of the plugin, such as ``--conformance-engine=fast``.

    Returns
    -------
    dict of id to Record
        One record for each of ``ids``.
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    while True:
        done = read_records(results)
        left = [item for item in ids if item not in done]
        progress(f"{configuration}: coremltools' tests", 1 - len(left) / max(len(ids), 1))
        if not left:
            return {item: done[item] for item in ids}
        chunk = left[:CHUNK]
        log = _run_chunk(chunk, configuration, results, options)
        recorded = read_records(results)
        unfinished = next((item for item in chunk if item not in recorded), None)
        if unfinished is not None:
            append(results, Record(unfinished, Outcome.CRASHED, reached=True, message=log))


def run_draw(draw: Draw, results: Path, options: Sequence[str] = ()) -> dict[str, Record]:
    """Collect, draw and run a small sample in one process.

    Raises
    ------
    WorkerError
        The process ended before it had run its sample.
    """
    command = [
        f"--conformance-sample={draw.per_function},{draw.count or 0},{draw.seed}",
        f"--conformance-out={results.resolve()}",
        f"--conformance-seconds={LONGEST_TEST_S}",
        *options,
        *SUITES[draw.suite],
    ]
    code, log = _run_process(command, draw.configuration, START_S + PER_TEST_S * (draw.count or CHUNK))
    if code not in (0, 1):
        raise WorkerError("coremltools' tests ended early", came=f"exit code {code}", hint=log)
    return read_records(results)


def _run_chunk(chunk: Sequence[str], configuration: str, results: Path, options: Sequence[str]) -> str:
    """Run one process to its end or its limit; the end of its log."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        listed = Path(folder) / "ids.json"
        listed.write_text(json.dumps(list(chunk)), encoding="utf-8")
        command = [
            f"--conformance-ids={listed}",
            f"--conformance-out={results.resolve()}",
            f"--conformance-seconds={LONGEST_TEST_S}",
            *options,
            *_files(chunk),
        ]
        code, log = _run_process(command, configuration, START_S + PER_TEST_S * len(chunk))
        return f"the process ended with {'no time left' if code is None else f'exit code {code}'}: {log}"


def _run_process(arguments: Sequence[str], configuration: str, seconds: float) -> tuple[int | None, str]:
    """Exit code of pytest (None: it was out of time and was killed) and the end of its log."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        log = Path(folder) / "log.txt"
        with log.open("wb") as file:
            child = subprocess.Popen(
                pytest_command(arguments),
                cwd=library_root(),
                env={**environment(configuration), "TMPDIR": folder},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code = _wait(child, seconds)
        return code, _tail(log)


def _wait(child: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _files(ids: Sequence[str]) -> Iterator[str]:
    """The files of the ids, each once."""
    yield from dict.fromkeys(item.split("::", 1)[0] for item in ids)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return " | ".join(line.strip() for line in lines[-5:] if line.strip())[-400:]
