"""Runs pytest many times from one process that has torch imported already.

Importing torch costs more than the tests of the operators. A process imports it once and forks for
every run; the child forgets the sdk that it came with and imports the one of a given folder.

Protocol: a JSON line in (``root``, ``arguments``, ``seconds``), a JSON line out (``code``, ``log``).
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from fieldpack.errors import WorkerError

OVERTIME = -signal.SIGALRM
LONGEST_LOG = 20_000
PRELOADED = ("numpy", "torch", "pytest", "hypothesis", "PIL.Image", "google.protobuf.message_factory")


class TestProcess:
    """The process; a context manager.

    Parameters
    ----------
    environment : dict
        Added to the environment of the process.
    """

    __test__ = False

    def __init__(self, environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> TestProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._child.wait()

    def run(self, root: Path, arguments: list[str], seconds: int) -> tuple[int, str]:
        """Exit code of pytest (``OVERTIME`` when it did not end in time) and the end of what it wrote.

        Raises
        ------
        WorkerError
            The process is gone.
        """
        request = {"root": str(root), "arguments": arguments, "seconds": seconds}
        if self._child.stdin is None or self._child.stdout is None or self._child.poll() is not None:
            raise WorkerError("the test process has ended", came=self._child.returncode)
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer:
            raise WorkerError("the test process ended", came=self._child.wait())
        reply = json.loads(answer)
        return int(reply["code"]), str(reply["log"])


def serve() -> None:
    """Answer requests until the input ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        with tempfile.TemporaryFile() as log:
            child = os.fork()
            if child == 0:
                _run(json.loads(line), log.fileno())
            _, status = os.waitpid(child, 0)
            log.seek(0)
            text = log.read().decode(errors="replace")[-LONGEST_LOG:]
        sys.stdout.write(json.dumps({"code": os.waitstatus_to_exitcode(status), "log": text}) + "\n")
        sys.stdout.flush()


def _run(request: dict[str, Any], log: int) -> None:
    """The child: pytest with the sdk of the folder, everything it writes into the log; never returns."""
    code = 1
    try:
        signal.alarm(request["seconds"])
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name in [name for name in sys.modules if name.split(".")[0] == "fieldpack"]:
            del sys.modules[name]
        sys.path.insert(0, request["root"])
        os.chdir(request["root"])
        code = int(importlib.import_module("pytest").main(request["arguments"]))
        sys.stdout.flush()
    finally:
        os._exit(code)
