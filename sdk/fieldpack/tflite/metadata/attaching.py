"""Entries put into a finished ``.tflite`` file without touching what computes.

Taking a model apart and packing it again would lose the alignment of its weights and what a newer schema
added. So a new head is put before the old bytes, which stay as they are, moved by a multiple of
``ALIGNMENT``: offsets inside a flatbuffer are relative. The head holds a new root table, whose lists of
buffers and entries are the old ones and the new. Files that the metadata name follow behind the model as an
archive, stored, as MediaPipe's own writer puts them.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fieldpack.errors import StorageError, UnsupportedError
from fieldpack.tflite.decoder import IDENTIFIER
from fieldpack.tflite.flatbuffer import Flatbuffer, Table

ALIGNMENT = 64
"""Of the old bytes in the new file; TFLite wants 16 of its weights."""
DATA_ALIGNMENT = 16
LARGEST_BYTES = 2**31 - 1
"""Offsets of a flatbuffer reach so far."""
VERSION, BUFFERS, METADATA = 0, 4, 6
SLOTS = 10
"""Slots of the root table: version, operator codes, subgraphs, description, buffers, metadata buffers,
metadata, signatures, and two of external buffers. All but the first are offsets."""
VTABLE_AT = 8
TABLE_AT = VTABLE_AT + 4 + 2 * SLOTS
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first time that an archive can state."""


def attach(path: Path, entries: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
    """Give a ``.tflite`` file metadata entries, and files behind the model; the model computes the same.

    Entries of these names are replaced, and so is an archive that is there already. Equal files and arguments
    give equal bytes.

    Parameters
    ----------
    path : Path
        The file; it is replaced in one step.
    entries : mapping of str to bytes
        Name of the entry -> content.
    files : mapping of str to bytes
        Plain file name -> content.

    Raises
    ------
    ModelFileError
        The file is damaged.
    UnsupportedError
        It keeps weights behind its flatbuffer, or is too large for offsets to reach.
    StorageError
        It cannot be written.
    """
    beside = path.with_name(path.name + ".new")
    try:
        model = without_archive(path.read_bytes())
        with beside.open("wb") as file:
            file.write(_head(model, str(path), entries))
            file.write(model)
        _append(beside, files)
        os.replace(beside, path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written", came=error, hint="check space and rights") from error
    finally:
        beside.unlink(missing_ok=True)


def without_archive(content: bytes) -> bytes:
    """A model without the archive behind it, where there is one."""
    held = io.BytesIO(content)
    if not zipfile.is_zipfile(held):
        return content
    try:
        with zipfile.ZipFile(held) as archive:
            return content[: min((item.header_offset for item in archive.infolist()), default=len(content))]
    except (zipfile.BadZipFile, NotImplementedError):
        return content


def _append(path: Path, files: Mapping[str, bytes]) -> None:
    """The archive: stored, since readers map the file and inflate nothing, and without times."""
    if not files:
        return
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)


def _head(model: bytes, label: str, entries: Mapping[str, bytes]) -> bytes:
    """The bytes before the old file; their number is a multiple of ``ALIGNMENT``."""
    source = Flatbuffer(model, label)
    if source.size < 8 or model[4:8] != IDENTIFIER:
        source.fail(f"identifier {model[4:8]!r} in a file of {source.size} bytes")
    root = source.root()
    _demand_known(root, label)
    head = _Head(root)
    buffers = root.tables(BUFFERS)
    kept = [item for item in root.tables(METADATA) if item.text(0) not in entries]
    for_buffers = head.list(BUFFERS, buffers, len(entries))
    for_entries = head.list(METADATA, kept, len(entries))
    for number, (name, data) in enumerate(entries.items()):
        head.buffer(data, pointed_from=for_buffers[number])
        head.entry(name, len(buffers) + number, pointed_from=for_entries[number])
    content = head.content()
    if len(content) + len(model) > LARGEST_BYTES:
        raise UnsupportedError(
            f"{label} is too large for metadata", came=f"{len(model)} bytes", allowed=f"{LARGEST_BYTES} bytes"
        )
    return content


def _demand_known(root: Table, label: str) -> None:
    """Refuse what the head could not carry over."""
    unknown = [slot for slot in range(SLOTS, (root.vtable_size - 4) // 2) if root.position(slot, 1)]
    behind = any(item.integer(1, "Q") > 1 for item in root.tables(BUFFERS))
    if unknown or behind:
        raise UnsupportedError(
            f"{label} cannot be given metadata",
            came=f"field {unknown[0]} of the model" if unknown else "weights behind the flatbuffer",
            allowed="files with their weights inside, of the schema that LiteRT has",
        )


class _Head:
    """The new root table and what it points to, one behind the other.

    Offsets to old bytes are noted, and written when it is known how far these move.
    """

    def __init__(self, root: Table) -> None:
        self._made = bytearray(TABLE_AT + 4 + 4 * SLOTS)
        self._old: dict[int, int] = {}
        struct.pack_into("<I4s", self._made, 0, TABLE_AT, IDENTIFIER)
        struct.pack_into("<HH", self._made, VTABLE_AT, 4 + 2 * SLOTS, 4 + 4 * SLOTS)
        struct.pack_into("<i", self._made, TABLE_AT, TABLE_AT - VTABLE_AT)
        struct.pack_into("<I", self._made, self._field(VERSION), root.integer(VERSION, "I"))
        for slot in set(range(SLOTS)) - {VERSION, BUFFERS, METADATA}:
            if (target := root.target(slot)) is not None:
                self._old[self._field(slot)] = target

    def list(self, slot: int, old: Sequence[Table], new: int) -> list[int]:
        """A field of the root: a vector of old tables with room for new ones; where their offsets belong."""
        self._point(self._field(slot))
        self._made += struct.pack("<I", len(old) + new)
        first = len(self._made)
        self._made += bytes(4 * (len(old) + new))
        self._old |= {first + 4 * place: table.at for place, table in enumerate(old)}
        return [first + 4 * place for place in range(len(old), len(old) + new)]

    def buffer(self, data: bytes, pointed_from: int) -> None:
        """A ``Buffer`` table and its data."""
        at = self._table(pointed_from, 4)
        self._made += bytes(-(len(self._made) + 4) % DATA_ALIGNMENT)
        self._point(at + 4)
        self._made += struct.pack("<I", len(data)) + data

    def entry(self, name: str, buffer: int, pointed_from: int) -> None:
        """A ``Metadata`` table: a name and the number of a buffer."""
        at = self._table(pointed_from, 4, 8)
        struct.pack_into("<I", self._made, at + 8, buffer)
        self._point(at + 4)
        words = name.encode()
        self._made += struct.pack("<I", len(words)) + words + b"\0"

    def content(self) -> bytes:
        """The whole head."""
        self._made += bytes(-len(self._made) % ALIGNMENT)
        for at, target in self._old.items():
            struct.pack_into("<I", self._made, at, len(self._made) + target - at)
        return bytes(self._made)

    def _field(self, slot: int) -> int:
        """Where a field of the root stands; it is marked as present."""
        at = 4 + 4 * slot
        struct.pack_into("<H", self._made, VTABLE_AT + 4 + 2 * slot, at)
        return TABLE_AT + at

    def _table(self, pointed_from: int, *fields: int) -> int:
        """A table of four-byte fields at these places, behind its vtable; its position."""
        self._made += bytes(-len(self._made) % 4)
        size = 4 + 2 * len(fields)
        self._made += struct.pack(f"<HH{len(fields)}H", size, 4 + 4 * len(fields), *fields)
        self._made += bytes(-len(self._made) % 4)
        self._point(pointed_from)
        at = len(self._made)
        self._made += struct.pack("<i", size + -size % 4) + bytes(4 * len(fields))
        return at

    def _point(self, at: int) -> None:
        """Let the offset at `at` point to what is made next."""
        struct.pack_into("<I", self._made, at, len(self._made) - at)
