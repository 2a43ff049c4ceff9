"""This machine as a target, with the same road as every other: a shell, a folder, a copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

from fieldpack.errors import TargetError
from fieldpack.workspace import remove_abandoned
from fieldpack_benchmarks.targets.transport import ShellTransport


class HostTransport(ShellTransport):
    """Runs programs here.

    Parameters
    ----------
    parent : str, optional
        Folder in which one is made; that of temporary files by default.
    """

    def __init__(self, parent: str | None = None, place: str = "host") -> None:
        super().__init__(place, tempfile.gettempdir() if parent is None else parent)
        self.folder_name = f"fieldpack-run-{os.getpid()}-$$"

    def __enter__(self) -> Self:
        remove_abandoned(Path(self._parent))
        return super().__enter__()

    def client(self, script: str) -> list[str]:
        """``sh`` of this machine."""
        return ["sh", "-c", script]

    def push(self, source: Path, name: str, *, executable: bool = False) -> None:
        """Copy a file.

        Raises
        ------
        TargetError
            No space, or no leave.
        """
        target = Path(self.inside(name))
        try:
            shutil.copyfile(source, target)
            target.chmod(0o755 if executable else 0o644)
        except OSError as error:
            raise TargetError(
                f"{source.name} cannot be put on {self.place}", came=error.strerror, hint="free some space"
            ) from error

    def pull(self, name: str, target: Path) -> None:
        """Copy a file back.

        Raises
        ------
        TargetError
            It is not there.
        """
        try:
            shutil.copyfile(self.inside(name), target)
        except OSError as error:
            raise TargetError(f"{name} cannot be fetched from {self.place}", came=error.strerror) from error
