"""Opening a bundle that is about to be compared: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from fieldpack.bundle import whole
from fieldpack.bundle.read import Bundle


def open_whole(path: Path) -> Bundle:
    """Open a bundle whose every file is what its manifest lists.

    Raises
    ------
    BundleError
        There is no bundle, or it was altered.
    StorageError
        It cannot be read.
    """
    return whole.open_whole(path, "a comparison with it")
