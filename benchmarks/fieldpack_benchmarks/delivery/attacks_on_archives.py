"""Attacks on the one-file form: what zip readers disagree about, and what they do not look at."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable

from fieldpack.bundle.finding import FindingCode
from fieldpack.bundle.write import copy_bundle
from fieldpack.testing import TINY_MODEL
from fieldpack_benchmarks.delivery.attack import (
    ARCHIVE,
    Attack,
    Entries,
    entries_of,
    zip_again,
)
from fieldpack_benchmarks.delivery.victim import Victim

Code = FindingCode
LABELS = "labels.txt"


def entries(change: Callable[[Entries], Entries]) -> Callable[[Victim], None]:
    """The archive written again with other entries."""

    def do(at: Victim) -> None:
        zip_again(at.bundle, change(entries_of(at.bundle)))

    return do


def facts(
    *,
    method: int = zipfile.ZIP_STORED,
    year: int = 1980,
    extra: bytes = b"",
    comment: bytes = b"",
    mode: int = 0,
) -> Callable[[Victim], None]:
    """The archive written again with the same entries and other headers."""

    def do(at: Victim) -> None:
        zip_again(
            at.bundle,
            entries_of(at.bundle),
            method=method,
            year=year,
            extra=extra,
            comment=comment,
            mode=mode or 0o100644,
        )

    return do


def bytes_of(change: Callable[[bytes], bytes]) -> Callable[[Victim], None]:
    """Bytes of the file changed."""

    def do(at: Victim) -> None:
        at.bundle.write_bytes(change(at.bundle.read_bytes()))

    return do


def rename_locally(data: bytes) -> bytes:
    """The header before an entry names another file than the directory: readers differ in which they take."""
    at = data.rindex(LABELS.encode(), 0, data.rindex(LABELS.encode()))
    return data[:at] + b"Labels.txt" + data[at + len(LABELS) :]


def rename_in_directory(data: bytes) -> bytes:
    """The directory names another file than the header before the entry."""
    at = data.rindex(LABELS.encode())
    return data[:at] + b"Labels.txt" + data[at + len(LABELS) :]


def hide_bytes(data: bytes) -> bytes:
    """Bytes between the last entry and the directory, which moves on."""
    start = struct.unpack_from("<I", data, len(data) - 6)[0]
    moved = data[start:-6] + struct.pack("<I", start + 4) + data[-2:]
    return data[:start] + b"evil" + moved


def encrypt(data: bytes) -> bytes:
    """An entry says that it is encrypted."""
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01" + data[at + 1 :]


def overlap(data: bytes) -> bytes:
    """An entry points at the data of the first one."""
    at = data.rindex(b"PK\x01\x02") + 42
    return data[:at] + bytes(4) + data[at + 4 :]


def _changed(name: str, data: bytes) -> Callable[[Entries], Entries]:
    return lambda held: [(each, data if each == name else content) for each, content in held]


def old_archive(at: Victim) -> None:
    """The old version as an archive under the new name."""
    at.bundle.unlink()
    copy_bundle(at.world.old, at.bundle)


def _on(name: str, do: Callable[[Victim], None], code: FindingCode = Code.ARCHIVE) -> Attack:
    return Attack("archive", name, ARCHIVE, code, do)


ON_ARCHIVES = (
    _on("entry twice", entries(lambda held: [*held, (LABELS, b"wasp\nmoth\nbee\n")])),
    _on("entry twice, the same bytes", entries(lambda held: [*held, held[-1]])),
    _on("extra entry", entries(lambda held: [*held, ("zzz.bin", b"x")]), Code.EXTRA),
    _on("entry that leaves the bundle", entries(lambda held: [*held, ("../zzz.bin", b"x")]), Code.PATH),
    _on("entry with a backslash", entries(lambda held: [*held, ("a\\b", b"x")]), Code.PATH),
    _on("entry removed", entries(lambda held: held[:-1]), Code.MISSING),
    _on("entry changed", entries(_changed(LABELS, b"moth\nbee\nwasp\n")), Code.DIGEST),
    _on("model of zeros", entries(_changed(TINY_MODEL, bytes(100))), Code.SIZE),
    _on("entries in another order", entries(lambda held: held[::-1])),
    _on("entries compressed", facts(method=zipfile.ZIP_DEFLATED)),
    _on("entries with a date", facts(year=2020)),
    _on("entries with extra fields", facts(extra=b"\xfe\xca\x04\x00evil")),
    _on("entries that can be executed", facts(mode=0o100755)),
    _on("entries that are links", facts(mode=0o120777)),
    _on("comment at the end", facts(comment=b"evil")),
    _on("bytes at the end", bytes_of(lambda data: data + b"evil")),
    _on("bytes at the start", bytes_of(lambda data: b"evil" + data)),
    _on("another archive at the end", bytes_of(lambda data: data + data)),
    _on("hidden bytes before the directory", bytes_of(hide_bytes)),
    _on("name changed before the entry", bytes_of(rename_locally)),
    _on("name changed in the directory", bytes_of(rename_in_directory)),
    _on("entry that says it is encrypted", bytes_of(encrypt)),
    _on("entry that points at another", bytes_of(overlap)),
    _on("cut off", bytes_of(lambda data: data[:-1])),
    _on("no bytes", bytes_of(lambda data: b"")),
    _on("old version as an archive", old_archive, Code.CLAIMS),
)
