"""Whether tests notice what stands in the copy: ours first, coremltools' where ours do not."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fieldpack.errors import WorkerError
from fieldpack_benchmarks.conformance.deviations import find
from fieldpack_benchmarks.conformance.record import read_records
from fieldpack_benchmarks.conformance.sample import SUITES, environment, library_root, pytest_command
from fieldpack_benchmarks.mutation.fault import Fault
from fieldpack_benchmarks.mutation.forked import OVERTIME, TestProcess
from fieldpack_benchmarks.mutation.scratch import Scratch

OWN, PEER = "own", "peer"
CONFIGURATION = "fp32"
PER_FUNCTION = 8
"""Tests of one function of coremltools that are run for an operator."""
LONGEST_S = 120
PASSED, SOME_FAILED, NOTHING_CHOSEN = 0, 1, 5
"""Exit codes of pytest."""
FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one fault: ``by`` is ``own``, ``peer`` or empty, ``test`` the first that failed."""

    fault: Fault
    by: str
    test: str
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether some test failed."""
        return bool(self.by)


def try_fault(scratch: Scratch, process: TestProcess, fault: Fault, *, ask_peer: bool = True) -> Trial:
    """Plant one fault and run tests until one fails: ours of the operator, all of ours, the peer's."""
    started = time.perf_counter()
    with scratch.planted(fault):
        test = failing_own_test(scratch, process, fault.operator) or failing_own_test(scratch, process)
        by = OWN if test else ""
        if not test and ask_peer:
            test = failing_peer_test(scratch, fault)
            by = PEER if test else ""
    return Trial(fault, by, test, time.perf_counter() - started)


def failing_own_test(scratch: Scratch, process: TestProcess, word: str = "") -> str:
    """Name of the first of our tests that fails in the copy; empty when all pass.

    Parameters
    ----------
    word : str
        Only the cases whose name holds it; every test of the interpreter without.

    Raises
    ------
    WorkerError
        The tests could not be run at all.
    """
    options = ["-x", "-q", "-m", "not full", "-c", os.devnull, "--rootdir", str(scratch.root)]
    settings = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:benchmark", "-W", "ignore"]
    chosen = ["-k", word, scratch.tests[0]] if word else scratch.tests
    code, log = process.run(scratch.root, [*options, *settings, *chosen], LONGEST_S)
    if code in (PASSED, NOTHING_CHOSEN):
        return ""
    if code == OVERTIME:
        return f"not one: they did not end in {LONGEST_S} s"
    found = FAILED.search(log)
    if code != SOME_FAILED or found is None:
        raise WorkerError(
            "fieldpack's own tests could not be run", came=f"exit code {code}", hint=log[-2000:]
        )
    return found[1].split("/coreml/")[-1]


def failing_peer_test(scratch: Scratch, fault: Fault) -> str:
    """Name of a test of coremltools for the operator that fails in the copy and is no known deviation."""
    with tempfile.TemporaryDirectory(prefix="fieldpack-mutation-") as folder:
        results = Path(folder) / "records.jsonl"
        options = [f"--conformance-sample={PER_FUNCTION},0,0", f"--conformance-out={results}"]
        subprocess.run(
            pytest_command([*options, "-k", fault.peer_words, *peer_files(fault)]),
            cwd=library_root(),
            env={**environment(CONFIGURATION), **scratch.environment, "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        records = read_records(results).values()
    failed = (record for record in records if record.outcome.bad and record.reached)
    return next((record.id for record in failed if find(record, CONFIGURATION) is None), "")


def peer_files(fault: Fault) -> list[str]:
    """Files of coremltools' operator tests that build the operator; all of them where none says so."""
    root = library_root()
    (folder,) = SUITES["ops"]
    everything = sorted((root / folder).rglob("test_*.py"))
    call = f"mb.{fault.operator}("
    chosen = [path for path in everything if call in path.read_text(encoding="utf-8")]
    return [str(path.relative_to(root)) for path in chosen or everything]
