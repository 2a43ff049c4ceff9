"""What a ``.tflite`` file's standard metadata say, as plain values: the shape that ``packing`` takes.

Files may come from anywhere, so every offset is checked; what a newer schema appended is left out.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, NoReturn

from fieldpack.errors import ModelFileError
from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.flatbuffer import Flatbuffer, Table
from fieldpack.tflite.metadata.schema import (
    ENTRY,
    ENUMS,
    IDENTIFIER,
    NUMBERS,
    ROOT,
    TABLES,
    UNIONS,
    Field,
    fields,
)

LARGEST_FILE_BYTES = 256 * 2**20
"""A packed file is read up to this size."""


def standard_metadata(model: TfliteModel) -> dict[str, Any] | None:
    """The standard metadata of an opened file, or None where it has none.

    Raises
    ------
    ModelFileError
        The buffer is damaged or of another kind.
    """
    stored = model.metadata.get(ENTRY)
    return None if stored is None else unpacked(stored, str(model.path))


def unpacked(data: bytes, label: str) -> dict[str, Any]:
    """Read a metadata buffer.

    Parameters
    ----------
    data : bytes
        The buffer; padding behind it is ignored.
    label : str
        How error messages call the file.

    Returns
    -------
    dict
        Fields of ``ModelMetadata`` that are there.

    Raises
    ------
    ModelFileError
        The buffer is damaged or of another kind.
    """
    source = _Buffer(data, label)
    if source.size < 8 or data[4:8] != IDENTIFIER:
        source.fail(f"identifier {data[4:8]!r} in a buffer of {source.size} bytes")
    return _values(source.root(), ROOT)


def packed_files(path: Path) -> dict[str, bytes]:
    """The files packed behind a model, by name; empty where there are none.

    Raises
    ------
    ModelFileError
        There is an archive, and it cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            large = [item.filename for item in archive.infolist() if item.file_size > LARGEST_FILE_BYTES]
            if large:
                raise ModelFileError(
                    f"a file packed behind {path} is too large",
                    came=large[0],
                    allowed=f"{LARGEST_FILE_BYTES} bytes",
                )
            return {item.filename: archive.read(item) for item in archive.infolist()}
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"the files packed behind {path} cannot be read", came=error) from error


class _Buffer(Flatbuffer):
    """A metadata buffer, which is a flatbuffer of its own."""

    def fail(self, came: str) -> NoReturn:
        """Refuse the buffer, saying what was found."""
        raise ModelFileError(
            f"the standard metadata of {self.label} are not well-formed",
            came=came,
            allowed=f"a complete flatbuffer with the identifier {IDENTIFIER.decode()}",
            hint="the model itself may run; export it again to mend its metadata",
        )


def _values(table: Table, name: str) -> dict[str, Any]:
    found = {field.name: _value(table, field) for field in fields(name)}
    return {name: value for name, value in found.items() if value is not None}


def _value(table: Table, field: Field) -> Any:
    """The value of a field, None where it was left out, or where a newer schema wrote it."""
    if field.kind in UNIONS:
        return _member(table, field)
    if field.kind in ENUMS:
        words, at = ENUMS[field.kind], table.position(field.slot, 1)
        number = 0 if at is None else table.buffer.integer("B", at)
        return None if at is None or number >= len(words) else words[number]
    if field.is_vector or field.kind == "string" or field.kind in TABLES:
        return None if table.target(field.slot) is None else _part(table, field)
    at = table.position(field.slot, 4)
    return None if at is None else table.buffer.scalar(NUMBERS[field.kind], at)


def _part(table: Table, field: Field) -> Any:
    if field.kind == "string":
        return table.texts(field.slot) if field.is_vector else table.text(field.slot)
    if field.kind in TABLES:
        if field.is_vector:
            return [_values(item, field.kind) for item in table.tables(field.slot)]
        inner = table.table(field.slot)
        return None if inner is None else _values(inner, field.kind)
    if field.kind == "float":
        return list(table.floats(field.slot))
    return list(table.integers(field.slot, NUMBERS[field.kind]))


def _member(table: Table, field: Field) -> tuple[str, dict[str, Any]] | None:
    number, members = table.integer(field.slot, "B"), UNIONS[field.kind]
    inner = table.table(field.slot + 1)
    if inner is None or not 1 <= number <= len(members):
        return None
    return members[number - 1], _values(inner, members[number - 1])
