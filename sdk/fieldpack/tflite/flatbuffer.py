"""A bounds-checked reader of flatbuffer tables, for files that nobody has vetted.

The accessors of the ``flatbuffers`` package check nothing: an offset past the end raises a
``struct.error``, and one before the start silently reads from the end of the file. This reader
follows the same public layout (https://flatbuffers.dev/internals/) and refuses every offset that
leaves the file with a ``ModelFileError``. It knows the layout only; ``decoder`` knows TFLite.

Two budgets bound the work of a file whose offsets all point at the same large object: the number
of tables (the default of flatbuffers' own C++ verifier) and the number of vector elements.
"""

from __future__ import annotations

import mmap
import struct
from typing import NoReturn

from fieldpack.errors import ModelFileError

MAX_TABLES = 1_000_000
MAX_ELEMENTS = 8_000_000

_WIDTHS = {code: struct.calcsize("<" + code) for code in "bBhHiIqQf?"}


class Flatbuffer:
    """The bytes of one flatbuffer, and what may still be read of it.

    Parameters
    ----------
    data : bytes or mmap.mmap
        The whole file.
    label : str
        How error messages call the file.
    """

    __slots__ = ("data", "elements_left", "label", "size", "tables_left")

    def __init__(self, data: bytes | mmap.mmap, label: str) -> None:
        self.data = data
        self.label = label
        self.size = len(data)
        self.tables_left = MAX_TABLES
        self.elements_left = MAX_ELEMENTS

    def fail(self, came: str) -> NoReturn:
        """Refuse the file, saying what was found."""
        raise ModelFileError(
            f"{self.label} is not a well-formed TFLite file",
            came=came,
            allowed="a complete flatbuffer with the identifier TFL3",
            hint="copy or export the file again; it may have been cut off or altered",
        )

    def require(self, at: int, count: int) -> None:
        """Refuse ``count`` bytes at ``at`` unless all of them are in the file."""
        if at < 0 or count < 0 or at + count > self.size:
            self.fail(f"{count} bytes wanted at offset {at} of a file of {self.size} bytes")

    def scalar(self, code: str, at: int) -> int | float:
        """One little-endian number with the ``struct`` code ``code``."""
        self.require(at, _WIDTHS[code])
        value: int | float = struct.unpack_from("<" + code, self.data, at)[0]
        return value

    def integer(self, code: str, at: int) -> int:
        """One little-endian integer."""
        return int(self.scalar(code, at))

    def spend(self, elements: int) -> None:
        """Count vector elements against the budget."""
        self.elements_left -= elements
        if self.elements_left < 0:
            self.fail(f"vectors of more than {MAX_ELEMENTS} elements in all, without the weights")

    def root(self) -> Table:
        """The table that the file starts with."""
        return Table(self, self.integer("I", 0))


class Table:
    """One table: a position, and a vtable that says where its fields are.

    A *slot* is the number of a field in the order of the schema, from 0. A field that the writer
    left out has the schema's default.
    """

    __slots__ = ("at", "buffer", "inline_size", "vtable", "vtable_size")

    def __init__(self, buffer: Flatbuffer, at: int) -> None:
        buffer.tables_left -= 1
        if buffer.tables_left < 0:
            buffer.fail(f"more than {MAX_TABLES} tables")
        self.buffer = buffer
        self.at = at
        self.vtable = at - buffer.integer("i", at)
        self.vtable_size = buffer.integer("H", self.vtable)
        self.inline_size = buffer.integer("H", self.vtable + 2)
        if self.vtable_size < 4 or self.vtable_size % 2 or self.inline_size < 4:
            buffer.fail(f"a table of impossible size at offset {at}")
        buffer.require(self.vtable, self.vtable_size)
        buffer.require(at, self.inline_size)

    def position(self, slot: int, width: int) -> int | None:
        """Where field ``slot`` stands, or None if it was left out."""
        entry = 4 + 2 * slot
        if entry >= self.vtable_size:
            return None
        offset = self.buffer.integer("H", self.vtable + entry)
        if offset == 0:
            return None
        if offset < 4 or offset + width > self.inline_size:
            self.buffer.fail(f"field {slot} lies outside its table at offset {self.at}")
        return self.at + offset

    def integer(self, slot: int, code: str, default: int = 0) -> int:
        """An integer field."""
        at = self.position(slot, _WIDTHS[code])
        return default if at is None else self.buffer.integer(code, at)

    def target(self, slot: int) -> int | None:
        """Where a string, vector or table field points, or None if it was left out."""
        at = self.position(slot, 4)
        return None if at is None else at + self.buffer.integer("I", at)

    def table(self, slot: int) -> Table | None:
        """A table field."""
        at = self.target(slot)
        return None if at is None else Table(self.buffer, at)

    def span(self, slot: int, width: int) -> tuple[int, int]:
        """Start and element count of a vector field whose elements take ``width`` bytes."""
        at = self.target(slot)
        if at is None:
            return 0, 0
        count = self.buffer.integer("I", at)
        self.buffer.require(at + 4, count * width)
        return at + 4, count

    def text(self, slot: int) -> str:
        """A string field; bytes that are not UTF-8 become backslash escapes."""
        at = self.target(slot)
        return "" if at is None else self._text(at)

    def _text(self, at: int) -> str:
        count = self.buffer.integer("I", at)
        self.buffer.require(at + 4, count)
        self.buffer.spend(count)
        return self.buffer.data[at + 4 : at + 4 + count].decode("utf-8", "backslashreplace")

    def texts(self, slot: int) -> list[str]:
        """A vector of strings."""
        start, count = self.span(slot, 4)
        self.buffer.spend(count)
        return [self._text(at + self.buffer.integer("I", at)) for at in range(start, start + 4 * count, 4)]

    def integers(self, slot: int, code: str = "i") -> tuple[int, ...]:
        """A vector of integers."""
        start, count = self.span(slot, _WIDTHS[code])
        self.buffer.spend(count)
        return struct.unpack_from(f"<{count}{code}", self.buffer.data, start)

    def floats(self, slot: int) -> tuple[float, ...]:
        """A vector of float32."""
        start, count = self.span(slot, 4)
        self.buffer.spend(count)
        return struct.unpack_from(f"<{count}f", self.buffer.data, start)

    def tables(self, slot: int) -> list[Table]:
        """A vector of tables."""
        start, count = self.span(slot, 4)
        if count > self.buffer.tables_left:
            self.buffer.fail(f"more than {MAX_TABLES} tables")
        places = range(start, start + 4 * count, 4)
        return [Table(self.buffer, at + self.buffer.integer("I", at)) for at in places]
