"""Opening a bundle that something is about to be told of: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import BundleError


def open_whole(path: Path, text: str) -> Bundle:
    """Open a bundle whose every file is what its manifest lists.

    Parameters
    ----------
    path : Path
        Folder or ``.fieldpack`` file.
    text : str
        What would mislead otherwise, for the message: ``"a report of it"``.

    Raises
    ------
    BundleError
        There is no bundle, or it was altered.
    StorageError
        It cannot be read.
    """
    findings = check_structure(path)
    if findings:
        raise BundleError(
            f"the bundle was altered; {text} would mislead",
            came=f"{findings[0].code} {findings[0].path}: {findings[0].message}",
            hint=f"fieldpack verify {path}",
        )
    return open_bundle(path)
