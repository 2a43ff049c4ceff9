"""Opening a bundle that is about to be compared: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.errors import BundleError


def open_whole(path: Path) -> Bundle:
    """Open a bundle whose every file is what its manifest lists.

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
            "the bundle was altered; a comparison with it would mislead",
            came=f"{findings[0].code} {findings[0].path}: {findings[0].message}",
            hint=f"fieldpack verify {path}",
        )
    return open_bundle(path)
