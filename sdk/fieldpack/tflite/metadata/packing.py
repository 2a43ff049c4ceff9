"""From plain values to a metadata buffer: dictionaries for tables, (member, dictionary) for unions."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from fieldpack.errors import MissingDependencyError
from fieldpack.tflite.metadata.schema import (
    ADDED,
    ENUMS,
    FIRST_VERSION,
    IDENTIFIER,
    NUMBERS,
    ROOT,
    TABLES,
    UNIONS,
    Field,
    fields,
    slot_count,
)
from fieldpack.tflite.runtime_version import version_key

Values = Mapping[str, Any]


def packed(values: Values) -> bytes:
    """A metadata buffer; equal values give equal bytes.

    Parameters
    ----------
    values : mapping
        Fields of ``ModelMetadata`` by name: texts, numbers, words of enumerations, lists, mappings for
        tables, (member, mapping) for unions. ``min_parser_version`` is filled in.

    Raises
    ------
    MissingDependencyError
        The package ``flatbuffers``, which LiteRT brings, is not installed.
    KeyError
        A field, member or word that the schema does not have.
    """
    try:
        import flatbuffers
    except ImportError as error:
        raise MissingDependencyError(
            "flatbuffers is needed to write TFLite metadata", came=error, hint="pip install ai-edge-litert"
        ) from error
    builder = flatbuffers.Builder(1024)
    root = _table(builder, ROOT, {**values, "min_parser_version": minimum_parser(values)})
    builder.Finish(root, IDENTIFIER)
    return bytes(builder.Output())


def minimum_parser(values: Values) -> str:
    """The oldest version of the schema that has everything in use; a reader that is older must refuse."""
    return max((ADDED.get(name, FIRST_VERSION) for name in _names(ROOT, values)), key=version_key)


def _names(table: str, values: Values) -> Iterator[str]:
    """Tables, fields and words that are in use."""
    yield table
    for field in fields(table):
        if (value := values.get(field.name)) is None:
            continue
        yield f"{table}.{field.name}"
        for item in value if field.is_vector else (value,):
            if field.kind in UNIONS:
                yield from _names(*item)
            elif field.kind in TABLES:
                yield from _names(field.kind, item)
            elif field.kind in ENUMS:
                yield f"{field.kind}.{item}"


def _table(builder: Any, table: str, values: Values) -> int:
    """Write one table, its parts first."""
    if strange := values.keys() - {field.name for field in fields(table)}:
        raise KeyError(f"{table} has no {', '.join(sorted(strange))}")
    stated = [field for field in fields(table) if values.get(field.name) is not None]
    parts = {field: _part(builder, field, values[field.name]) for field in stated}
    builder.StartObject(slot_count(table))
    for field, part in parts.items():
        if field.kind in UNIONS:
            number = UNIONS[field.kind].index(values[field.name][0]) + 1
            builder.PrependUint8Slot(field.slot, number, 0)
            builder.PrependUOffsetTRelativeSlot(field.slot + 1, part, 0)
        elif part is not None:
            builder.PrependUOffsetTRelativeSlot(field.slot, part, 0)
        else:
            _number(builder, field, values[field.name])
    return int(builder.EndObject())


def _part(builder: Any, field: Field, value: Any) -> int | None:
    """Where what a field points to was written; None for numbers, which stand in the table itself."""
    if field.is_vector:
        return _vector(builder, field, value)
    if field.kind == "string":
        return int(builder.CreateString(value))
    if field.kind in UNIONS:
        return _table(builder, *value)
    return _table(builder, field.kind, value) if field.kind in TABLES else None


def _vector(builder: Any, field: Field, values: Any) -> int:
    if code := NUMBERS.get(field.kind):
        width = struct.calcsize(code)
        builder.StartVector(width, len(values), width)
        prepend = {"i": builder.PrependInt32, "I": builder.PrependUint32, "B": builder.PrependUint8}
        for value in reversed(values):
            prepend.get(code, builder.PrependFloat32)(value)
        return int(builder.EndVector())
    single = field._replace(is_vector=False)
    parts = [_part(builder, single, value) for value in values]
    builder.StartVector(4, len(parts), 4)
    for part in reversed(parts):
        builder.PrependUOffsetTRelative(part)
    return int(builder.EndVector())


def _number(builder: Any, field: Field, value: Any) -> None:
    """A number is written even where it is the default, so that readers see that it was stated."""
    builder.ForceDefaults(True)
    if field.kind in ENUMS:
        builder.PrependInt8Slot(field.slot, ENUMS[field.kind].index(value), 0)
    elif field.kind == "float":
        builder.PrependFloat32Slot(field.slot, value, 0.0)
    elif field.kind == "int":
        builder.PrependInt32Slot(field.slot, value, 0)
    else:
        builder.PrependUint32Slot(field.slot, value, 0)
    builder.ForceDefaults(False)
