"""The wire form of protobuf as a tree, so that a mutation changes one field and the lengths stay right.

Schema-free: a length-delimited field counts as a message where its bytes parse as one to the end.
Specification: "Encoding", Protocol Buffers documentation.
"""

from __future__ import annotations

from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
DEEPEST = 40


@dataclass(slots=True)
class Field:
    """One field: its number and wire type, and its content: a number, bytes, or the fields inside."""

    number: int
    kind: int
    content: int | bytes | list[Field]


def parse_fields(data: bytes, depth: int = 0) -> list[Field] | None:
    """The fields of a message; None where the bytes are no message."""
    fields, place = [], 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if place < 0 or not 0 < number < 2**29:
            return None
        content: int | bytes | list[Field]
        if kind == VARINT:
            content, place = _varint(data, place)
        elif kind in _FIXED or kind == BYTES:
            size, place = (_FIXED[kind], place) if kind in _FIXED else _varint(data, place)
            content = data[place : place + size]
            if place < 0 or len(content) != size:
                return None
            place += size
            if kind == BYTES and content and depth < DEEPEST:
                content = parse_fields(content, depth + 1) or content
        else:
            return None
        if place < 0:
            return None
        fields.append(Field(number, kind, content))
    return fields


def serialize(fields: list[Field]) -> bytes:
    """The message of these fields."""
    out = bytearray()
    for field in fields:
        out += _varint_bytes(field.number << 3 | field.kind)
        if isinstance(field.content, int):
            out += _varint_bytes(field.content)
            continue
        raw = serialize(field.content) if isinstance(field.content, list) else field.content
        out += _varint_bytes(len(raw)) + raw if field.kind == BYTES else raw
    return bytes(out)


def lists_of(fields: list[Field]) -> list[list[Field]]:
    """This list of fields and every one inside it."""
    found = [fields]
    for field in fields:
        if isinstance(field.content, list):
            found += lists_of(field.content)
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """The number and the place after it; place -1 where there is none."""
    value = 0
    for shift in range(0, 70, 7):
        if not 0 <= place < len(data):
            return 0, -1
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 2**64 - 1, place
    return 0, -1


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
