"""Digests: SHA-256 of bytes, of files, and of a folder's file table."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from fieldpack.bundle.manifest import FileEntry
from fieldpack.errors import BundleError, StorageError

CHUNK_BYTES = 1 << 20


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits.

    Raises
    ------
    StorageError
        The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError("a file cannot be read", came=f"{path}: {error.strerror}") from error


def file_entry(path: Path) -> FileEntry:
    """Size and SHA-256 of a regular file.

    Raises
    ------
    StorageError
        The file cannot be read.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise StorageError("a file cannot be read", came=f"{path}: {error.strerror}") from error
    return FileEntry(size_bytes=size, sha256=sha256_file(path))


def folder_entries(folder: Path) -> dict[str, FileEntry]:
    """The file table of a folder: relative path -> size and SHA-256, in path order.

    Raises
    ------
    BundleError
        The folder holds a link or a special file.
    StorageError
        A file cannot be read.
    """
    return {name: file_entry(folder / name) for name in sorted(_regular_files(folder))}


def tree_digest(entries: Mapping[str, FileEntry]) -> str:
    """SHA-256 of a file table.

    The table is the text of one line ``<sha256> <size> <path>`` and a newline for each file,
    in the order of the paths' bytes; the paths are relative to the folder the table is of.
    """
    lines = (
        f"{entry.sha256} {entry.size_bytes} {path}\n"
        for path, entry in sorted(entries.items(), key=lambda item: os.fsencode(item[0]))
    )
    return sha256_bytes("".join(lines).encode("utf-8", "surrogateescape"))


def content_digest(path: Path) -> str:
    """Digest of a flavour on disk: of the file, or of the folder's file table.

    Raises
    ------
    BundleError
        The folder holds a link or a special file.
    StorageError
        A file cannot be read.
    """
    return tree_digest(folder_entries(path)) if path.is_dir() else sha256_file(path)


def entries_below(path: str, files: Mapping[str, FileEntry]) -> dict[str, FileEntry]:
    """The part of a bundle's file table that lies in the folder `path`, relative to it."""
    prefix = path + "/"
    return {name[len(prefix) :]: entry for name, entry in files.items() if name.startswith(prefix)}


def listed_digest(path: str, files: Mapping[str, FileEntry]) -> str | None:
    """What :func:`content_digest` would give, from the file table alone; None when nothing is there."""
    if path in files:
        return files[path].sha256
    inside = entries_below(path, files)
    return tree_digest(inside) if inside else None


def _regular_files(folder: Path) -> list[str]:
    found: list[str] = []
    waiting = [folder]
    try:
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    mode = entry.stat(follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode):
                        waiting.append(Path(entry.path))
                    elif stat.S_ISREG(mode):
                        found.append(Path(entry.path).relative_to(folder).as_posix())
                    else:
                        raise BundleError("only files and folders may be packed", came=ascii(entry.path))
    except OSError as error:
        raise StorageError("a folder cannot be read", came=f"{folder}: {error.strerror}") from error
    return found
