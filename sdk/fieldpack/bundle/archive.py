"""The one-file form: a zip of the bundle of which every byte is decided by its content.

Entries are stored, never compressed: the bytes do not depend on a zlib version, a phone can
map a model out of the file, and there is nothing that could inflate. Since name, size and
checksum of the entries decide every header, a reader builds the headers again and compares
them, which finds any flipped, added or hidden byte. Layout: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12
and 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fieldpack.bundle.digest import CHUNK_BYTES
from fieldpack.bundle.finding import Finding, FindingCode, printable
from fieldpack.bundle.paths import LARGEST_BUNDLE_BYTES, MOST_FILES, RESERVED, path_fault
from fieldpack.errors import BundleError

SUFFIX = ".fieldpack"

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_STORED, _VERSION, _UNIX = 0, 20, 3
_MIDNIGHT, _FIRST_OF_JANUARY_1980 = 0, 0x21
_MODE = 0o100644 << 16
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One file of the zip: everything its two headers are made of."""

    name: str
    size_bytes: int
    crc32: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where the file's own bytes start."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Where the next entry starts."""
        return self.data_offset + self.size_bytes


@dataclass(frozen=True, slots=True)
class ArchiveIndex:
    """The entries, which may be used only when there are no findings."""

    entries: tuple[ArchiveEntry, ...]
    findings: tuple[Finding, ...]


def archive_order(names: Iterable[str]) -> list[str]:
    """``manifest.json``, ``DIGEST``, then the others by their bytes."""
    return sorted(names, key=lambda name: (RESERVED.index(name) if name in RESERVED else len(RESERVED), name))


def write_archive(file: BinaryIO, folder: Path, names: Iterable[str]) -> None:
    """Write the files `names` of `folder` as one archive.

    Parameters
    ----------
    file : binary file
        Empty, seekable, open for writing.
    folder : Path
        A bundle in its directory form.
    names : iterable of str
        Relative paths, all legal.

    Raises
    ------
    BundleError
        The archive would be larger than 2 GiB, or holds too many files.
    OSError
        The disk is full or a file cannot be read.
    """
    ordered = archive_order(names)
    _check_limits(folder, ordered)
    entries: list[ArchiveEntry] = []
    for name in ordered:
        entries.append(_write_entry(file, folder / name, name))
    start = file.tell()
    file.write(b"".join(map(_central_record, entries)))
    file.write(_end_record(len(entries), file.tell() - start, start))


def _check_limits(folder: Path, names: Sequence[str]) -> None:
    headers = sum(_LOCAL.size + _CENTRAL.size + 2 * len(name) for name in names) + _END.size
    length = headers + sum((folder / name).stat().st_size for name in names)
    if length > LARGEST_BUNDLE_BYTES or len(names) > MOST_FILES + len(RESERVED):
        raise BundleError(
            "the bundle is too large for one file",
            came=f"{length} bytes in {len(names)} files",
            allowed=f"{LARGEST_BUNDLE_BYTES} bytes in {MOST_FILES} files",
        )


def _write_entry(file: BinaryIO, path: Path, name: str) -> ArchiveEntry:
    offset, size, crc = file.tell(), 0, 0
    file.write(bytes(_LOCAL.size + len(name)))
    with path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            size, crc = size + len(chunk), zlib.crc32(chunk, crc)
            file.write(chunk)
    entry = ArchiveEntry(name, size, crc, offset)
    file.seek(offset)
    file.write(local_header(entry))
    file.seek(entry.end)
    return entry


def local_header(entry: ArchiveEntry) -> bytes:
    """The bytes before the data of one entry."""
    name = entry.name.encode("ascii")
    return (
        _LOCAL.pack(
            b"PK\x03\x04",
            _VERSION,
            0,
            _STORED,
            _MIDNIGHT,
            _FIRST_OF_JANUARY_1980,
            entry.crc32,
            entry.size_bytes,
            entry.size_bytes,
            len(name),
            0,
        )
        + name
    )


def _central_record(entry: ArchiveEntry) -> bytes:
    name = entry.name.encode("ascii")
    return (
        _CENTRAL.pack(
            b"PK\x01\x02",
            _UNIX << 8 | _VERSION,
            _VERSION,
            0,
            _STORED,
            _MIDNIGHT,
            _FIRST_OF_JANUARY_1980,
            entry.crc32,
            entry.size_bytes,
            entry.size_bytes,
            len(name),
            0,
            0,
            0,
            0,
            _MODE,
            entry.offset,
        )
        + name
    )


def _end_record(count: int, size: int, offset: int) -> bytes:
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


def read_index(file: BinaryIO) -> ArchiveIndex:
    """Read the central directory and hold it against what a writer would have written.

    Reads the end of the file only; memory stays below a few megabytes whatever it says.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    length = file.seek(0, 2)
    end = _tail(file, length)
    if end is None:
        return _refused(
            "does not end as a .fieldpack file ends: it is cut off, has bytes added, or is no zip"
        )
    count, size, start = end
    if start + size + _END.size != length or count > MOST_FILES + len(RESERVED):
        return _refused("the directory at its end does not fit the length of the file")
    file.seek(start)
    return _walk(file.read(size), count, start)


def _tail(file: BinaryIO, length: int) -> tuple[int, int, int] | None:
    """(entries, directory size, directory offset), or None when the last bytes are not an end record."""
    if not _END.size <= length <= LARGEST_BUNDLE_BYTES:
        return None
    file.seek(length - _END.size)
    raw = file.read(_END.size)
    if len(raw) != _END.size:
        return None
    _, _, _, count, _, size, start, _ = _END.unpack(raw)
    return (count, size, start) if raw == _end_record(count, size, start) else None


def _walk(directory: bytes, count: int, start: int) -> ArchiveIndex:
    entries: list[ArchiveEntry] = []
    findings: list[Finding] = []
    at = offset = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(directory):
            return ArchiveIndex((), (*findings, _finding(".", "the directory at its end is cut off")))
        fields = _CENTRAL.unpack_from(directory, at)
        record = directory[at : at + _CENTRAL.size + sum(fields[10:13])]
        name = record[_CENTRAL.size : _CENTRAL.size + fields[10]].decode("latin-1")
        entry = ArchiveEntry(name, fields[9], fields[7], offset)
        findings += _record_findings(entry, record, fields, start)
        if entry.end > start:
            return ArchiveIndex((), tuple(findings))
        entries.append(entry)
        at, offset = at + len(record), entry.end
    if at != len(directory) or offset != start:
        findings.append(_finding(".", "entries overlap, leave gaps, or hide bytes before the directory"))
    findings += _order_findings([entry.name for entry in entries]) if not findings else []
    return ArchiveIndex(tuple(entries), tuple(findings))


def _record_findings(
    entry: ArchiveEntry, record: bytes, fields: tuple[int, ...], start: int
) -> list[Finding]:
    fault = path_fault(entry.name)
    if fault:
        return [Finding(FindingCode.PATH, printable(entry.name), fault)]
    if fields[4] != _STORED:
        return [_finding(entry.name, f"compressed entries are refused (method {fields[4]}); all are stored")]
    if fields[3] & _ENCRYPTED:
        return [_finding(entry.name, "encrypted entries are refused")]
    if entry.end > start:
        return [_finding(entry.name, "its data would reach into the directory")]
    if record != _central_record(entry):
        return [_finding(entry.name, "its directory record is not what a writer of this format writes")]
    return []


def _order_findings(names: list[str]) -> list[Finding]:
    double = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    findings = [_finding(name, "the archive holds it more than once") for name in double]
    if not double and names != archive_order(names):
        findings.append(
            _finding(".", "the entries are not in order: manifest.json, DIGEST, the others sorted")
        )
    return findings


def _refused(message: str) -> ArchiveIndex:
    return ArchiveIndex((), (_finding(".", message),))


def _finding(path: str, message: str) -> Finding:
    return Finding(FindingCode.ARCHIVE, printable(path), message)
