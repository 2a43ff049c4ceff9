"""64-bit ARM on this machine, emulated by qemu's user mode: its answers, and its number of instructions.

The processor is always named, since qemu's default gives wrong int8 answers with LiteRT. Neither time nor
memory of an emulated run says anything of a device; ``model_run`` throws them away.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from fieldpack.errors import MissingDependencyError
from fieldpack_benchmarks.targets.facts import TargetFacts
from fieldpack_benchmarks.targets.host import HostTransport
from fieldpack_benchmarks.targets.sysroot import CROSS, prefix
from fieldpack_benchmarks.targets.transport import Finished, install

QEMU = "qemu-aarch64"
COUNTS = "counts"
"""File in the folder with one line a counted inference."""
OTHER_COUNT = "or count this machine's own instructions, another unit: --on callgrind"
PLUGIN_VERSIONS = range(7, 9)
"""Major versions of qemu whose plugin interface is the one of the plugin (version 1)."""


class QemuTransport(HostTransport):
    """Runs programs for 64-bit ARM here.

    Parameters
    ----------
    cpu : str
        One of ``sysroot.CPUS``.
    plugin : Path, optional
        The counting plugin; its figures are in the file ``COUNTS`` afterwards.
    parent : str, optional
        Folder in which one is made.

    Raises
    ------
    InputError
        The processor is not emulated.
    MissingDependencyError
        qemu or the C library for ARM is missing, or qemu has another plugin interface.
    """

    def __init__(self, cpu: str, plugin: Path | None = None, parent: str | None = None) -> None:
        super().__init__(parent, f"qemu-arm64:{cpu}")
        self.cpu, self._plugin, self._prefix = cpu, plugin, prefix(cpu)
        self.version = qemu_version()
        if plugin is not None and int(self.version.split(".")[0]) not in PLUGIN_VERSIONS:
            raise MissingDependencyError(
                "The counting plugin does not know this qemu",
                came=self.version,
                allowed=f"{PLUGIN_VERSIONS.start} to {PLUGIN_VERSIONS.stop - 1}",
                hint=f"Debian's qemu-user 9 and later loads no plugins; {OTHER_COUNT}",
            )

    def facts(self) -> TargetFacts:
        """The emulated machine; space and memory are those of this one."""
        own = super().facts()
        return TargetFacts(
            architecture="aarch64",
            system=f"{own.system}, qemu-user {self.version}",
            cpu=self.cpu,
            cores=1,
            free_bytes=own.free_bytes,
            glibc=_glibc(),
            libstdcxx=_libstdcxx(),
        )

    def run(self, command: Sequence[str], timeout_s: float) -> Finished:
        """Run a program that was pushed, on the emulated processor."""
        emulator = [QEMU, "-cpu", self.cpu, "-L", str(self._prefix)]
        if self._plugin is not None:
            emulator += ["-plugin", f"{self._plugin},out={COUNTS}"]
        return self.shell(f"cd {shlex.quote(self.folder)} && {shlex.join([*emulator, *command])}", timeout_s)


def qemu_version() -> str:
    """Of the emulator that is installed.

    Raises
    ------
    MissingDependencyError
        None is.
    """
    try:
        done = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise MissingDependencyError(
            "qemu is needed", came=f"no {QEMU}", hint=f"{install(QEMU)}; {OTHER_COUNT}"
        ) from error
    found = re.search(r"version (\d+\.\d+(\.\d+)?)", done.stdout)
    if found is None:
        raise MissingDependencyError("qemu does not say its version", came=done.stdout[:100])
    return found[1]


def _glibc() -> tuple[int, ...] | None:
    found = re.search(rb"stable release version (\d+)\.(\d+)", (CROSS / "libc.so.6").read_bytes())
    return None if found is None else (int(found[1]), int(found[2]))


def _libstdcxx() -> tuple[int, ...] | None:
    name = (CROSS / "libstdc++.so.6").resolve().name
    found = re.fullmatch(r"libstdc\+\+\.so\.(\d+)\.(\d+)\.(\d+)", name)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))
