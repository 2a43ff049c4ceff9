"""Folders that builds and workers work in: private, and gone afterwards, also after a kill."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fieldpack.errors import StorageError

ABANDONED = re.compile(r"fieldpack-[a-z]+-(\d+)-\w+")


@contextmanager
def work_folder(purpose: str) -> Iterator[Path]:
    """A temporary folder that carries this process's number.

    Folders of processes that were killed are removed first.

    Parameters
    ----------
    purpose : str
        One lower-case word of the folder's name.

    Raises
    ------
    StorageError
        No folder can be made.
    """
    remove_abandoned(Path(tempfile.gettempdir()))
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"fieldpack-{purpose}-{os.getpid()}-"))
    except OSError as error:
        raise StorageError(
            "no temporary folder can be made", came=error.strerror, hint="set TMPDIR to a disk with space"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove the work folders whose process no longer runs."""
    for folder in parent.glob("fieldpack-*"):
        found = ABANDONED.fullmatch(folder.name)
        if found is not None and not _runs(int(found.group(1))):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
