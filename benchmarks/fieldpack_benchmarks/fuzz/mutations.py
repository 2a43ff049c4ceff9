"""Ways to damage a model, each seeded: bytes, protobuf fields, blob records, the manifest, the folder."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from fieldpack.coreml.blob import ALIGNMENT, SENTINEL
from fieldpack_benchmarks.fuzz.wire import BYTES, VARINT, Field, lists_of, parse_fields, serialize
from fieldpack_benchmarks.fuzz.writer import MANIFEST, MODEL, WEIGHTS, Files

Generator = np.random.Generator
NUMBERS = (0, 1, 2, 3, 7, 255, 2**16, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1)
TEXTS = (b"", b"\xff\xfe", b"../../../etc/passwd", b"/etc/passwd", b"@model_path/../x", b"main", b"x" * 5000,
         b"@model_path/" + b"x" * 5000,
         b"while_loop", b"const", b"nan", b"\0")  # fmt: skip
PATHS = ("..", "/etc", "../..", "com.apple.CoreML/../../x", "", ".", "a" * 5000, "com.apple.CoreML\\x", "\0",
         "com.apple.CoreML/weights/weight.bin")  # fmt: skip


def bytes_changed(files: Files, rng: Generator) -> Files:
    """Some bytes of one file set, flipped, inserted or cut out."""
    name = _pick(rng, sorted(files))
    data = bytearray(files[name])
    for _ in range(int(rng.integers(1, 9))):
        place = int(rng.integers(0, len(data) + 1))
        match int(rng.integers(0, 4)):
            case 0 if place < len(data):
                data[place] = int(rng.integers(0, 256))
            case 1 if place < len(data):
                data[place] ^= 1 << int(rng.integers(0, 8))
            case 2:
                data[place:place] = rng.bytes(int(rng.integers(1, 9)))
            case _:
                del data[place : place + int(rng.integers(1, 9))]
    return files | {name: bytes(data)}


def cut(files: Files, rng: Generator) -> Files:
    """One file truncated, doubled, or followed by noise."""
    name = _pick(rng, sorted(files))
    data = files[name]
    end = int(rng.integers(0, len(data) + 1))
    changed = (data[:end], data + data[end:], data + rng.bytes(100), b"")[
        int(rng.choice(4, p=[0.7, 0.1, 0.1, 0.1]))
    ]
    return files | {name: changed}


def fields_changed(files: Files, rng: Generator) -> Files:
    """One to three protobuf fields of the model dropped, doubled, moved, renumbered, or given odd content."""
    name = MODEL if MODEL in files else ""
    fields = parse_fields(files[name])
    if not fields:
        return bytes_changed(files, rng)
    for _ in range(int(rng.integers(1, 4))):
        everywhere = [fields for fields in lists_of(fields) if fields]
        if everywhere:
            _change_one(_pick(rng, everywhere), everywhere, rng)
    return files | {name: serialize(fields)}


def _change_one(fields: list[Field], everywhere: list[list[Field]], rng: Generator) -> None:
    place = int(rng.integers(0, len(fields)))
    field = fields[place]
    match int(rng.integers(0, 8)):
        case 0:
            del fields[place]
        case 1:
            fields.insert(int(rng.integers(0, len(fields) + 1)), copy.deepcopy(field))
        case 2:
            fields.append(fields.pop(place))
        case 3:
            field.number = int(rng.integers(1, 30))
        case 4:
            fields[place] = copy.deepcopy(_pick(rng, _pick(rng, everywhere)))
        case 5 if isinstance(field.content, list):
            field.content.append(copy.deepcopy(field))
        case _:
            _change_content(field, rng)


def _change_content(field: Field, rng: Generator) -> None:
    if field.kind == VARINT:
        field.content = int(NUMBERS[int(rng.integers(0, len(NUMBERS)))])
    elif field.kind == BYTES:
        field.content = TEXTS[int(rng.integers(0, len(TEXTS)))] if rng.random() < 0.7 else rng.bytes(12)
    else:
        field.content = rng.bytes(4 if field.kind == 5 else 8)


def numbers_changed(files: Files, rng: Generator) -> Files:
    """One or two whole numbers of the model set to sizes that no file holds, or off by one."""
    name = MODEL if MODEL in files else ""
    fields = parse_fields(files[name]) or []
    numbers = [item for inner in lists_of(fields) for item in inner if item.kind == VARINT]
    if not numbers:
        return bytes_changed(files, rng)
    for _ in range(int(rng.integers(1, 3))):
        field = _pick(rng, numbers)
        near = int(rng.integers(-2, 3))
        old = field.content if isinstance(field.content, int) else 0
        field.content = (old + near) % 2**64 if rng.random() < 0.4 else int(_pick(rng, NUMBERS))
    return files | {name: serialize(fields)}


def nested(files: Files, rng: Generator) -> Files:
    """One message put inside itself hundreds of times."""
    name = MODEL if MODEL in files else ""
    fields = parse_fields(files[name]) or []
    inner = [item for group in lists_of(fields) for item in group if isinstance(item.content, list)]
    if not inner:
        return bytes_changed(files, rng)
    field = _pick(rng, inner)
    raw = serialize([field])
    for _ in range(int(rng.integers(50, 400))):
        raw = serialize([Field(field.number, BYTES, raw)])
    field.content = raw
    return files | {name: serialize(fields)}


def records_changed(files: Files, rng: Generator) -> Files:
    """One number of the weight file's header or of a record's sentinel, type, size, offset, padding."""
    if WEIGHTS not in files:
        return numbers_changed(files, rng)
    data = bytearray(files[WEIGHTS])
    starts = [
        place for place in range(ALIGNMENT, len(data) - ALIGNMENT + 1, ALIGNMENT)
        if data[place : place + 4] == struct.pack("<I", SENTINEL)
    ]  # fmt: skip
    start = int(_pick(rng, [0, *starts]))
    offset, code = _pick(rng, [(0, "<I"), (4, "<I"), (8, "<Q"), (16, "<Q"), (24, "<Q")])
    largest = 2**32 if code == "<I" else 2**64
    (old,) = struct.unpack_from(code, data, start + offset)
    new = old + int(rng.integers(-65, 66)) if rng.random() < 0.4 else int(_pick(rng, NUMBERS))
    struct.pack_into(code, data, start + offset, new % largest)
    return files | {WEIGHTS: bytes(data)}


def manifest_changed(files: Files, rng: Generator) -> Files:
    """An odd path, a lost key, a wrong type, or depth without end in the manifest."""
    if MANIFEST not in files:
        return fields_changed(files, rng)
    manifest: dict[str, Any] = json.loads(files[MANIFEST])
    items = manifest["itemInfoEntries"]
    item = items[_pick(rng, sorted(items))]
    match int(rng.integers(0, 6)):
        case 0:
            item["path"] = _pick(rng, PATHS)
        case 1:
            item["path"] = _pick(rng, [None, 3, [], {}, True])
        case 2:
            del manifest[_pick(rng, sorted(manifest))]
        case 3:
            manifest[_pick(rng, sorted(manifest))] = _pick(rng, [None, 3, [], {}, "weights", [{}]])
        case 4:
            items["more"] = dict(item, path=_pick(rng, PATHS))
        case _:
            depth = int(rng.integers(10, 100_000))
            return files | {MANIFEST: b'{"itemInfoEntries":' * depth}
    return files | {MANIFEST: json.dumps(manifest).encode()}


def folder_changed(files: Files, rng: Generator) -> Files:
    """A file lost, renamed, exchanged for another, or one too many."""
    names = sorted(files)
    name, other = _pick(rng, names), _pick(rng, names)
    match int(rng.integers(0, 4)):
        case 0 if len(files) > 1:
            return {key: data for key, data in files.items() if key != name}
        case 1 if name:
            return {key + ("x" if key == name else ""): data for key, data in files.items()}
        case 2 if name:
            return files | {"Data/stranger.bin": b"x"}
        case _:
            return files | {name: files[other][: int(rng.integers(0, len(files[other]) + 1))]}


Mutation = Callable[[Files, Generator], Files]
MUTATIONS: dict[str, tuple[Mutation, float]] = {
    "bytes": (bytes_changed, 0.2),
    "cut": (cut, 0.08),
    "fields": (fields_changed, 0.3),
    "numbers": (numbers_changed, 0.2),
    "nested": (nested, 0.02),
    "records": (records_changed, 0.1),
    "manifest": (manifest_changed, 0.05),
    "folder": (folder_changed, 0.05),
}
"""Name -> mutation, and its share of the cases."""


def mutate(files: Files, rng: Generator) -> tuple[str, Files]:
    """A damaged copy, and the name of what was done."""
    names = list(MUTATIONS)
    name = names[int(rng.choice(len(names), p=[MUTATIONS[item][1] for item in names]))]
    return name, MUTATIONS[name][0](files, rng)


def _pick(rng: Generator, items: Any) -> Any:
    return items[int(rng.integers(0, len(items)))]
