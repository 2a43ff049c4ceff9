"""This machine, with every inference counted by valgrind's callgrind: a count where qemu is missing.

Its instructions are another unit than those of emulated ARM, and are never compared with them. valgrind shows
programs a processor of its own making, so that kernels are chosen by that and not by the newest extension of
this machine. Times under it say nothing; ``model_run`` throws them away.
"""

from __future__ import annotations

import platform
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from fieldpack.errors import MissingDependencyError, TargetError
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.transport import Finished, install

INFERENCE = "LiteRtRunCompiledModel"
PARTS = "callgrind.out"
EXTENSIONS = ("avx2", "avx")
"""Of the processors that valgrind shows on x86-64, the widest first; none is wider."""
CPUINFO = Path("/proc/cpuinfo")


class CallgrindTransport(HostTransport):
    """Runs programs here, and counts.

    Parameters
    ----------
    parent : str, optional
        As for ``HostTransport``.

    Raises
    ------
    MissingDependencyError
        valgrind is not installed.
    """

    def __init__(self, parent: str | None = None) -> None:
        super().__init__(parent, "callgrind")
        try:
            done = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise MissingDependencyError(
                "valgrind is needed to count", came="not installed", hint=install("valgrind")
            ) from error
        self.version = done.stdout.strip()

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run a program with a part of the figures behind each inference."""
        counter = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={PARTS}"]
        counter += [f"--toggle-collect={INFERENCE}", f"--dump-after={INFERENCE}"]
        return self.shell(f"cd {shlex.quote(self.folder)} && {shlex.join([*counter, *command])}", timeout_s)

    def part(self, number: int) -> int:
        """Instructions of one inference, the first being 1.

        Raises
        ------
        TargetError
            There is no such part.
        """
        path = Path(self.inside(f"{PARTS}.{number}"))
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        found = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
        if found is None:
            raise TargetError("callgrind says nothing of an inference", came=path.name, allowed="totals: N")
        return int(found[1])


def shown_processor() -> str:
    """The processor that valgrind shows to programs here: ``x86_64 avx2``, or the architecture alone."""
    words = CPUINFO.read_text(encoding="utf-8", errors="replace").split() if CPUINFO.is_file() else []
    extension = next((name for name in EXTENSIONS if name in words), "")
    return f"{platform.machine()} {extension}".strip()
