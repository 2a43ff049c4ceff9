"""Where the files of a bundle lie: a folder or an archive, behind one small interface.

Nothing here trusts a name or a size: links are never followed, only regular files are
opened, and no read takes more memory than the caller allows.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fieldpack.bundle.archive import ArchiveEntry, local_header, read_index
from fieldpack.bundle.digest import CHUNK_BYTES
from fieldpack.bundle.finding import Finding, FindingCode, printable, refuse
from fieldpack.bundle.paths import MOST_FILES, path_fault
from fieldpack.errors import BundleError, StorageError


@dataclass(frozen=True, slots=True)
class Survey:
    """What is there before any file is opened."""

    sizes: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    readable: bool = True

    def faulty(self) -> set[str]:
        """Names of which nothing more needs to be said."""
        return {finding.path for finding in self.findings if finding.code is not FindingCode.EXTRA}


class Content(Protocol):
    """The files of one bundle."""

    def survey(self) -> Survey:
        """Every file with its size in bytes, and everything that is no plain, legal file."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, piece by piece.

        Raises
        ------
        BundleError
            The file is missing or is no regular file inside the bundle.
        OSError
            It cannot be read.
        """

    def folder(self) -> Path | None:
        """The real folder, or None when the files lie in an archive."""

    def close(self) -> None:
        """Let go of the open file."""


def open_content(path: Path) -> Content:
    """The content of the bundle at `path`.

    Raises
    ------
    BundleError
        There is nothing at `path`, or it is neither a folder nor a regular file.
    StorageError
        It cannot be opened.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return FolderContent(Path(os.path.realpath(path)))
        if stat.S_ISREG(mode):
            return ArchiveContent(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleError(
            "there is no bundle at this path", came=path, hint="give a folder or a .fieldpack file"
        ) from error
    except (OSError, ValueError) as error:
        raise StorageError("the bundle cannot be opened", came=f"{path}: {error}") from error
    raise BundleError("a bundle is a folder or a .fieldpack file", came=path)


def read_content(content: Content, name: str, limit: int) -> bytes:
    """One file as bytes.

    Raises
    ------
    BundleError
        The file is missing, is no regular file, or holds more than `limit` bytes.
    StorageError
        It cannot be read.
    """
    data = bytearray()
    try:
        for chunk in content.chunks(name):
            data += chunk
            if len(data) > limit:
                raise BundleError(f"{printable(name)} is too large", allowed=f"{limit} bytes")
    except BundleError:
        raise
    except OSError as error:
        raise StorageError("a file of the bundle cannot be read", came=f"{name}: {error.strerror}") from error
    return bytes(data)


def hash_content(content: Content, name: str) -> str:
    """SHA-256 of one file, 64 hexadecimal digits, in constant memory.

    Raises
    ------
    BundleError
        The file is missing or is no regular file.
    StorageError
        It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for chunk in content.chunks(name):
            digest.update(chunk)
    except BundleError:
        raise
    except OSError as error:
        raise StorageError("a file of the bundle cannot be read", came=f"{name}: {error.strerror}") from error
    return digest.hexdigest()


class FolderContent:
    """The directory form."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def survey(self) -> Survey:
        """Walk the folder without following a link."""
        survey = Survey()
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            try:
                with os.scandir(self._root / prefix) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
                    for entry in entries:
                        self._note(entry, prefix + entry.name, survey, waiting)
            except OSError as error:
                reason = error.strerror or "cannot be read"
                survey.findings.append(Finding(FindingCode.UNREADABLE, printable(prefix or "."), reason))
                continue
            if prefix and not entries:
                survey.findings.append(
                    Finding(FindingCode.EXTRA, printable(prefix.rstrip("/")), "the folder is empty")
                )
        return survey

    def _note(self, entry: os.DirEntry[str], name: str, survey: Survey, waiting: list[str]) -> None:
        facts = entry.stat(follow_symlinks=False)
        code, message = _kind_fault(facts.st_mode)
        if code is not None:
            survey.findings.append(Finding(code, printable(name), message))
        elif stat.S_ISDIR(facts.st_mode):
            waiting.append(name + "/")
        elif len(survey.sizes) <= 2 * MOST_FILES:
            survey.sizes[name] = facts.st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a regular file that lies inside the folder."""
        descriptor = self._open(name)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _open(self, name: str) -> int:
        path = self._root / name
        fault = path_fault(name)
        if fault or os.path.realpath(path) != str(path):
            raise BundleError(f"{printable(name)} leaves the bundle", came=fault or "a link")
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise BundleError(f"{name} is no regular file")
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            return os.open(path, flags | getattr(os, "O_BINARY", 0))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BundleError(f"{name} is missing from the bundle") from error

    def folder(self) -> Path | None:
        """The real folder."""
        return self._root

    def close(self) -> None:
        """Nothing is open."""


class ArchiveContent:
    """The one-file form."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._lock = threading.Lock()
        self._path = path
        try:
            self._index = read_index(self._file)
        except OSError:
            self._file.close()
            raise
        self._entries = {entry.name: entry for entry in self._index.entries}

    def survey(self) -> Survey:
        """Hold every header and checksum against what a writer would have written."""
        if self._index.findings:
            return Survey(findings=list(self._index.findings), readable=False)
        sizes = {entry.name: entry.size_bytes for entry in self._index.entries}
        return Survey(sizes, [fault for entry in self._index.entries for fault in self._entry_faults(entry)])

    def _entry_faults(self, entry: ArchiveEntry) -> list[Finding]:
        try:
            crc = 0
            for chunk in self.chunks(entry.name):
                crc = zlib.crc32(chunk, crc)
        except BundleError as error:
            return [Finding(FindingCode.ARCHIVE, entry.name, error.what)]
        except OSError as error:
            return [Finding(FindingCode.UNREADABLE, entry.name, error.strerror or "cannot be read")]
        if crc != entry.crc32:
            return [
                Finding(FindingCode.ARCHIVE, entry.name, "its data does not have the checksum of its headers")
            ]
        return []

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a stored entry after a look at its local header."""
        refuse(self._path, self._index.findings)
        entry = self._entries.get(name)
        if entry is None:
            raise BundleError(f"{printable(name)} is missing from the bundle")
        expected = local_header(entry)
        if self._read(entry.offset, len(expected)) != expected:
            raise BundleError(f"the header before {name} is not what a writer of this format writes")
        for start in range(entry.data_offset, entry.end, CHUNK_BYTES):
            size = min(CHUNK_BYTES, entry.end - start)
            chunk = self._read(start, size)
            if len(chunk) != size:
                raise BundleError(f"{name} is cut off")
            yield chunk

    def _read(self, offset: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)

    def folder(self) -> Path | None:
        """An archive is no folder."""
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _kind_fault(mode: int) -> tuple[FindingCode | None, str]:
    if stat.S_ISLNK(mode):
        return FindingCode.LINK, "links are refused; a bundle holds its own files only"
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        return FindingCode.SPECIAL, "only regular files are allowed"
    return None, ""
