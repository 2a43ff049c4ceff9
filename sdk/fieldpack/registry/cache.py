"""Parts on this machine under their digests, so that a killed pull goes on where it was.

A part grows in ``<digest>.part`` under a lock that ends with its process, and takes its name only when its
bytes have the digest. It is held against the digest again whenever it is read: nothing here is trusted.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from fieldpack.bundle.digest import sha256_bytes
from fieldpack.errors import BundleError, RegistryError, StorageError

VARIABLE = "FIELDPACK_CACHE"
ROUNDS = 6
PAUSE_S = 0.25
KEPT_S = 30 * 24 * 3600.0
"""How long a part stays that nobody asks for: 30 days."""

Download = Callable[[int], tuple[int, Iterator[bytes]]]
"""(first byte wanted) -> (first byte that comes, the bytes from there on)."""


def default_cache() -> Path:
    """``blobs`` in ``$FIELDPACK_CACHE``, ``$XDG_CACHE_HOME/fieldpack`` or ``~/.cache/fieldpack``."""
    if given := os.environ.get(VARIABLE):
        return Path(given) / "blobs"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fieldpack" / "blobs"


class PartCache:
    """A folder of parts.

    Parameters
    ----------
    folder : Path
        Made where it is absent.

    Raises
    ------
    StorageError
        The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._storage():
            folder.mkdir(parents=True, exist_ok=True)

    def read(self, digest: str) -> bytes | None:
        """A part, or None where it is not here; a spoilt one is removed.

        Parameters
        ----------
        digest : str
            SHA-256, 64 hexadecimal digits.
        """
        place = self.folder / digest
        with self._storage():
            try:
                data = place.read_bytes()
            except FileNotFoundError:
                return None
            if sha256_bytes(data) == digest:
                os.utime(place)
                return data
            place.unlink(missing_ok=True)
            return None

    def fetch(self, digest: str, size_bytes: int, download: Download, where: str) -> None:
        """Bring a part here, beginning with what an earlier try left.

        Parameters
        ----------
        digest : str
            SHA-256, 64 hexadecimal digits.
        size_bytes : int
            Its size; no more is taken.
        download : callable
            Where the bytes come from. It may begin before the byte that was wanted, and end in a
            ConnectionError.
        where : str
            Named in messages.

        Raises
        ------
        BundleError
            The bytes are not those of the digest.
        RegistryError
            The connection was lost again and again; what came is kept.
        StorageError
            The disk is full.
        """
        with self._storage(), self._growing(digest) as file:
            if file is None:
                return
            resumed = file.seek(0, os.SEEK_END) > 0
            whole = _fill(file, digest, size_bytes, download)
            if not whole and resumed:
                file.truncate(0)
                whole = _fill(file, digest, size_bytes, download)
            if not whole:
                file.truncate(0)
                raise BundleError(
                    f"{where} sent something else than was asked for",
                    came="bytes of another digest or size",
                    allowed=f"sha256:{digest}, {size_bytes} bytes",
                    hint="pull again; if it stays so, push the bundle again",
                )
            file.flush()
            self._partial(digest).replace(self.folder / digest)

    def forget(self) -> None:
        """Remove what nobody asked for in 30 days."""
        oldest = time.time() - KEPT_S
        with self._storage():
            for path in self.folder.iterdir():
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def _partial(self, digest: str) -> Path:
        return self.folder / f"{digest}.part"

    @contextmanager
    def _growing(self, digest: str) -> Iterator[FileIO | None]:
        """The growing part, locked; None where somebody else completed it meanwhile."""
        with self._partial(digest).open("a+b", buffering=0) as file:
            _lock(file)
            if (self.folder / digest).exists():
                self._partial(digest).unlink(missing_ok=True)
                yield None
            else:
                yield file

    @contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except (StorageError, RegistryError):
            raise
        except OSError as error:
            raise StorageError(
                "the cache of parts cannot be used",
                came=f"{self.folder}: {error.strerror or error}",
                hint=f"free some space, or name another folder: --cache DIR, or {VARIABLE}",
            ) from error


def _fill(file: FileIO, digest: str, size_bytes: int, download: Download) -> bool:
    """Take what is missing; whether the whole has the digest."""
    for turn in range(ROUNDS):
        have = file.seek(0, os.SEEK_END)
        if have >= size_bytes:
            break
        try:
            _append(file, have, size_bytes, download)
        except RegistryError:
            raise
        except ConnectionError as error:
            if turn == ROUNDS - 1:
                raise RegistryError(
                    "the connection to the registry was lost again and again",
                    came=f"{file.seek(0, os.SEEK_END)} of {size_bytes} bytes of a part",
                    hint="run it again; it goes on from there",
                ) from error
            time.sleep(PAUSE_S * 2**turn)
    return file.seek(0, os.SEEK_END) == size_bytes and _digest_of(file) == digest


def _append(file: FileIO, have: int, size_bytes: int, download: Download) -> None:
    """One download, into the file as it comes; it ends when more comes than there should be."""
    start, chunks = download(have)
    if start != have:
        file.truncate(start)
    for chunk in chunks:
        file.write(chunk)
        if file.tell() > size_bytes:
            return


def _digest_of(file: FileIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _lock(file: FileIO) -> None:
    """Wait for the file's lock; systems without such locks have none."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
